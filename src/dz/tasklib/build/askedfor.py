"""The lines of a project's files that ask for what can't be had, for the error that says so.

The files are read inside the sandbox, as everything of a project is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dz.errors import UserError
from dz.plain import plain
from dz.tasklib.build.bench import Bench

_SPECIAL = re.compile(r"[][.+?*(){}|^$\\/]")


@dataclass(frozen=True, slots=True)
class Line:
    path: str
    number: str
    text: str

    @property
    def hashed(self) -> bool:
        """Whether it is pinned by a hash, which may stand on the next line."""
        return "--hash" in self.text or self.text.endswith("\\")


def placed(bench: Bench, files: Sequence[str], error: UserError) -> UserError:
    """The same error with ``file:line`` of the first line that names each package or repository, if one does."""
    patterns = _patterns(error)
    if error.where or not files or not patterns:
        return error
    found = [next(iter(lines(bench, files, pattern)), None) for pattern in patterns]
    told = [f"{one.path}:{one.number}  {one.text.strip()[:200]}" for one in found if one]
    return UserError(error.id, where=" and ".join(dict.fromkeys(told)), **error.facts) if told else error


def lines(bench: Bench, files: Sequence[str | Path], pattern: str) -> list[Line]:
    """Those of the files that match, else those of all lists of the repository, which the files may include."""
    words = ["grep", "-HniE"]
    finished, _ = bench.inside([*words, "--", pattern, *files])
    if not finished.ok:
        finished, _ = bench.inside([*words, "-r", "--include=*.txt", "--include=*.in", "--", pattern, "."])
    found = re.findall(r"^([^:\n]+):([0-9]+):([^\n]*)$", plain(finished.text), re.MULTILINE)
    return [Line(path.removeprefix("./"), number, text) for path, number, text in found]


def named(package: str) -> str:
    """For grep -E: what a line that asks for this package has."""
    return f"(^|[\"'[:space:]]){re.sub('[-_.]+', '[-_.]+', package)}"


def escaped(text: str) -> str:
    """For grep -E and sed -E."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _patterns(error: UserError) -> list[str]:
    """For grep -E; none where the error names nothing that a line could."""
    if error.id == "build.git-requirement":
        address = re.search(
            r"(?:https?|ssh|git)://[^\s'\"@]{1,500}?(?=\.git\b|/?['\"\s]|$)", str(error.facts["reason"])
        )
        return [escaped(address[0])] if address else []
    pins = error.facts.get("pins")
    said = pins if isinstance(pins, tuple) else (error.facts.get("package") or error.facts.get("wanted") or "",)
    names = [re.match(r"[A-Za-z0-9._-]+", str(one)) for one in said]
    return [f"{named(one[0])}([^A-Za-z0-9._-]|$)" for one in names if one]
