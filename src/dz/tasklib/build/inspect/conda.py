"""conda's environment.yml as requirement lines: its pip part as it is, of the rest what is known to be on PyPI too.

Read line by line, by indentation: these files are lists of words, and an exported one is full of C libraries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from dz.tasklib.build.inspect.wellknown import is_distribution

NAMES = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
_ITEM = re.compile(r"(?P<indent>\s*)-\s+(?P<word>[^#\s][^#]*)(?:#.*)?")
_SPEC = re.compile(r"(?:[\w-]+::)?(?P<name>[A-Za-z][\w.-]*)\s*(?P<version>[=<>!~][^\[]*)?(?:\[.*\])?")
_TOOLS = ("python", "pip", "setuptools", "wheel")


@dataclass(frozen=True, slots=True)
class Line:
    """``wanted`` is a requirement line, '' for what conda brings and PyPI may not have."""

    name: str
    wanted: str
    number: int


def lines(text: str) -> list[Line]:
    """What stands below ``dependencies:``."""
    found: list[Line] = []
    within, pip = False, -1
    for number, line in enumerate(text.split("\n"), 1):
        item = _ITEM.fullmatch(line)
        if item is None:
            within = line.startswith("dependencies:") or (within and line.strip()[:1] in ("", "#"))
            continue
        word, indent = item["word"].strip().strip("'\""), len(item["indent"])
        if within and pip >= 0 and indent > pip:
            found += [] if word.startswith("-") else [Line(word, word, number)]
        elif within:
            pip = indent if word == "pip:" else -1
            found += _of_conda(word, number)
    return found


def _of_conda(word: str, number: int) -> list[Line]:
    spec = _SPEC.fullmatch(word)
    name = canonicalize_name(spec["name"]) if spec else ""
    if spec is None or name in _TOOLS:
        return []
    version = (spec["version"] or "").replace(" ", "")
    if fuzzy := re.match(r"=([0-9][\w.]*\*?)", version):  # django=3.2=build is any 3.2 there
        exact = fuzzy[1].count(".") > 1 or fuzzy[1].endswith("*")
        version = f"=={fuzzy[1]}" if exact else f"=={fuzzy[1]}.*"
    return [Line(name, f"{name}{version}" if is_distribution(name) else "", number)]
