"""What example files (``.env.example`` and the like) say of variables."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from dotenv import dotenv_values

from dz.tasklib.build.inspect.platformfiles import NEVER, Switch
from dz.tasklib.build.inspect.tree import Tree

MOST = 10  # files
_EXAMPLE = re.compile(
    r"(?i)(^|/)(\.?env[._-](example|sample|template|dist|default|tpl)s?(\.\w+)?"
    r"|\.?(example|sample|template)[._-]env|\.env\.[\w.-]*(example|sample|template)|env\.(example|sample))$"
)
_GIVES = re.compile(r"[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=")
# A size, a number of days, a no: as good here as there. What names somebody's account or says yes its owner gives.
_PLAIN = re.compile(r"(?i)[0-9]{1,7}(\.[0-9]{1,4})?|false|no|off")
_SOMEBODYS = re.compile(r"(?i)(^|_)(ids?|account|chat|phone|number|pin|code|pk|year)(_|$)")
# What keeps others out is turned off for a developer alone.
_GUARDS = re.compile(
    r"(?i)AUTH|LOGIN|VERIF|VALIDAT|CAPTCHA|CSRF|PROTECT|PERMISSION|THROTTL|(^|_)RATE|LIMIT|2FA|MFA|OTP|APPROV|MODERAT"
    r"|REQUIRE|PRIVATE"
)
_OFF = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Example:
    """``told``: the value and the comment above it, in words."""

    name: str
    text: str
    file: str
    line: int
    told: str

    @property
    def is_plain(self) -> bool:
        """Whether a site may run with it until its owner says otherwise."""
        is_off = self.text.lower() in _OFF
        theirs = NEVER.search(self.name) or _SOMEBODYS.search(self.name) or (is_off and _GUARDS.search(self.name))
        return not theirs and _PLAIN.fullmatch(self.text) is not None

    @property
    def switch(self) -> Switch:
        return Switch(self.text, self.file, self.line)


def examples_of(tree: Tree) -> dict[str, Example]:
    """By their names; of several files the first that has one counts."""
    found: dict[str, Example] = {}
    for path in [p for p in tree.files if _EXAMPLE.search(p)][:MOST]:
        text = tree.text(path)
        lines = _lines(text)
        for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items():
            found.setdefault(name, _example(path, name, value or "", *lines.get(name, (1, ""))))
    return found


def _lines(text: str) -> dict[str, tuple[int, str]]:
    """Name → the first line that gives it a value, and the comment above that."""
    found: dict[str, tuple[int, str]] = {}
    above = ""
    for number, line in enumerate(text.split("\n"), 1):
        if begins := _GIVES.match(line):
            found.setdefault(begins[1], (number, above.removeprefix("#").strip() if above.startswith("#") else ""))
        above = line
    return found


def _example(path: str, name: str, value: str, line: int, comment: str) -> Example:
    words = [f"{path} has {value!r}" if value else f"{path} names it", comment]
    return Example(name, value, path, line, ": ".join(word for word in words if word)[:300])
