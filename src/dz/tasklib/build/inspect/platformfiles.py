"""Plain switches that a repository's files for other platforms set for production: ``DJANGO_ENV=production``, a yes, a
no. They tell of the site, whoever runs it; never a secret, nor where something is.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from dz.tasklib.build.inspect.tree import Tree

MOST = 20  # files
# The first say it of a site alone, the last one also of a developer's box.
_FILES = (
    r"app\.json|render\.ya?ml|fly\.toml|app\.ya?ml",
    r"(?:docker-)?compose[._-]prod\w*\.ya?ml|production\.ya?ml",
    r"(?:prod\w*\.)?Dockerfile(?:\.prod\w*)?",
)
_WORD = r"prod|production|live|release|heroku|render|railway|fly"
_PLAIN = re.compile(rf"(?i){_WORD}|1|0|true|false|yes|no|on|off")
# A yes counts where it says which site this is; others turn on what only their owner has an account for.
_OF_THE_SITE = re.compile(
    rf"(?i)(?:^|_)(?:{_WORD}|is_deployed|deployed|deployment|docker|server|cloud|container)(?:_|$)"
)
NEVER = re.compile(r"(?i)DEBUG|SECRET|TOKEN|PASS|KEY|CREDENTIAL|DSN|HOST|URL|DOMAIN|ADDRESS|EMAIL|USER|PORT$|SETTINGS")
_TEXT = r"[\"']?(\w{1,20})[\"']?\s*(?:#.*)?$"
_IN_DOCKERFILE = re.compile(rf"^\s*ENV\s+(\w{{2,60}})[=\s]\s*{_TEXT}")
_IN_YAML = re.compile(rf"^\s*(?:-\s+)?([A-Z][A-Z0-9_]{{1,60}})\s*[:=]\s*{_TEXT}")
_KEY = re.compile(r"^\s*(?:-\s*)?key:\s*[\"']?(\w{1,60})[\"']?\s*$")
_VALUE = re.compile(rf"^\s*value:\s*{_TEXT}")


@dataclass(frozen=True, slots=True)
class Switch:
    text: str
    file: str
    line: int


def switches(tree: Tree) -> dict[str, Switch]:
    """By their names; of several files the first that names one counts."""
    found: dict[str, Switch] = {}
    ranked = ((rank, path) for path in tree.files for rank, kind in enumerate(_FILES) if _is(kind, path))
    for _, path in sorted(ranked, key=lambda one: (one[0], one[1].count("/")))[:MOST]:
        for name, text, line in _read(path, tree.text(path)):
            if _counts(name, text):
                found.setdefault(name, Switch(text, path, line))
    return found


def described(tree: Tree) -> dict[str, str]:
    """What app.json says each variable is for, in words, by their names; of several files the outermost counts."""
    found: dict[str, str] = {}
    for path in sorted((p for p in tree.files if _is(r"app\.json", p)), key=lambda p: p.count("/"))[:MOST]:
        for name, value in _table(path, tree.text(path)).items():
            text = value.get("description") if isinstance(value, dict) else None
            if isinstance(text, str) and (line := " ".join(text.split())):
                found.setdefault(name, f"{path} says: {line}"[:200])
    return found


def _is(kind: str, path: str) -> bool:
    return re.fullmatch(kind, path.rpartition("/")[2]) is not None


def _counts(name: str, text: str) -> bool:
    yes = text.lower() in ("1", "true", "yes", "on")
    wanted = not yes or _OF_THE_SITE.search(name) is not None
    return wanted and _PLAIN.fullmatch(text) is not None and not NEVER.search(name)


def _read(path: str, text: str) -> Iterator[tuple[str, str, int]]:
    """(name, text, line) of each variable that has a plain text."""
    lines = text.split("\n")
    if path.endswith((".json", ".toml")):
        for name, value in _table(path, text).items():
            plain = value.get("value") if isinstance(value, dict) else value
            if isinstance(plain, str | int):
                told = str(plain).lower() if isinstance(plain, bool) else str(plain)
                yield name, told, next((n for n, line in enumerate(lines, 1) if name in line), 1)
        return
    pattern = _IN_DOCKERFILE if "Dockerfile" in path else _IN_YAML
    for number, (line, after) in enumerate(zip(lines, [*lines[1:], ""], strict=True), 1):
        key = _KEY.match(line)
        if found := _VALUE.match(after) if key else pattern.match(line):
            yield (key[1], found[1], number) if key else (found[1], found[2], number)


def _table(path: str, text: str) -> dict[str, object]:
    """``env`` of such a file; nothing of one that can't be read."""
    try:
        whole = json.loads(text) if path.endswith(".json") else tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
    table = whole.get("env") if isinstance(whole, dict) else None
    return {str(name): value for name, value in table.items()} if isinstance(table, dict) else {}
