"""What the source needs and is not installed: after a ``git pull`` it is newer than its ``.venv``, and what starts then
would end in the middle."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import dz

ROOT = Path(dz.__file__).resolve().parents[2]


def lacking(pyproject: Path = ROOT / "pyproject.toml") -> list[str]:
    """The requirements that what is installed does not meet. None where dz was not started from a clone."""
    if not pyproject.is_file():
        return []
    wanted = tomllib.loads(pyproject.read_text())["project"]["dependencies"]
    return [unmet for line in wanted for unmet in _unmet(Requirement(line), "")]


def _unmet(wanted: Requirement, extra: str) -> Iterator[str]:
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
        return
    try:
        installed = metadata.distribution(wanted.name)
    except metadata.PackageNotFoundError:
        yield wanted.name
        return
    if not wanted.specifier.contains(installed.version, prereleases=True):
        yield f"{wanted.name}{wanted.specifier}"
    for one in wanted.extras:
        for line in installed.requires or ():
            needed = Requirement(line)
            if needed.marker is not None and "extra" in str(needed.marker):
                yield from _unmet(needed, one)
