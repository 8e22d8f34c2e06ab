"""Lines that a project wrote, made fit to be kept and shown: known secrets read ``[NAME]``, and no line is endless."""

from __future__ import annotations

import re

from dz.log import redact_urls
from dz.plain import coloured

LONGEST = 4000  # characters of a line
SHORTEST_SECRET = 4  # shorter ones would blot out half of every line
# Values that are no secret, whatever variable has them, and that every other line holds.
COMMON = frozenset(
    ("true", "false", "none", "null", "debug", "info", "warning", "error", "critical", "localhost", "127.0.0.1")
)


class Hidden:
    """The secrets that are known so far, and the cleaning of a line by them."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._any: re.Pattern[str] | None = None

    def add(self, name: str, secret: str) -> None:
        """From now on ``secret``, and each line of it, reads ``[name]``."""
        for line in {secret, *secret.splitlines()}:
            line = coloured(line)
            if len(line) >= SHORTEST_SECRET and line.lower() not in COMMON:
                self._names[line] = name
        longest_first = sorted(self._names, key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def clean(self, text: str) -> str:
        """Without cursor tricks, secrets and what is too long."""
        text = coloured(text)  # before secrets are looked for: a NUL within one would hide it from us alone
        if self._any is not None:
            text = self._any.sub(lambda found: f"[{self._names[found[0]]}]", text)
        text = redact_urls(text)
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 20]} ... [cut]"


def last_state(raw: str) -> str:
    """A carriage return overwrites the line: what stays on a terminal is its last state."""
    return raw.rstrip("\r").rpartition("\r")[2]
