"""The Pythons of this host, and which of them a project gets: what it declares, else the newest that its Django supports.

A declared version that isn't here becomes the nearest that Django allows, and that is said aloud.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import findpython
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from dz.errors import UserError
from dz.run import run

KEEP = 3600.0  # seconds that a search is believed: it takes seconds, and Pythons come and go rarely
OLDEST = Version("3.6")

# The lowest and highest Python that each series of Django supports: docs.djangoproject.com, "What Python version can I
# use with Django?" (the last row of each series).
DJANGO = {
    "1.8": ("3.2", "3.5"), "1.11": ("3.4", "3.7"), "2.0": ("3.4", "3.7"), "2.1": ("3.5", "3.7"), "2.2": ("3.5", "3.9"),
    "3.0": ("3.6", "3.9"), "3.1": ("3.6", "3.9"), "3.2": ("3.6", "3.10"), "4.0": ("3.8", "3.10"),
    "4.1": ("3.8", "3.11"), "4.2": ("3.8", "3.12"), "5.0": ("3.10", "3.12"), "5.1": ("3.10", "3.13"),
    "5.2": ("3.10", "3.14"), "6.0": ("3.12", "3.14"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Interpreter:
    version: Version
    path: Path

    @property
    def series(self) -> Version:
        return Version(f"{self.version.major}.{self.version.minor}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """``why`` is a sentence for the log; ``exact`` is False when the project asked for another one."""

    interpreter: Interpreter
    why: str
    exact: bool


def find(configured: Iterable[Path], cache: Path) -> tuple[Interpreter, ...]:
    """Every CPython from 3.6 on, newest first, one per series; ``configured`` paths win over those found."""
    known = _remembered(cache)
    if known is None:
        known = _search()
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps([[str(i.version), str(i.path)] for i in known]))
    given = [one for path in configured if (one := _asked(path)) is not None]
    best: dict[Version, Interpreter] = {}
    for one in (*given, *known):
        if one.version >= OLDEST and not one.version.is_prerelease:
            best.setdefault(one.series, one)
    return tuple(sorted(best.values(), reverse=True))


def choose(found: Sequence[Interpreter], *, declared: str, django: str) -> Chosen:
    """``declared``: a version or a range as the project wrote it, or ''; ``django``: its version, or ''.

    Raises UserError python.none-fits.
    """
    wanted, low, high = _specifier(declared), *_range(django)
    supported = [i for i in found if low <= i.series <= high]
    if declared and wanted is not None:
        matching = [i for i in found if wanted.contains(i.version) or wanted.contains(i.series)]
        both = [i for i in matching if i in supported] or matching
        if both:
            return Chosen(
                interpreter=both[0], why=f"Python {both[0].version}: the project asks for {declared}", exact=True
            )
    if not supported:
        have = ", ".join(str(i.series) for i in found) or "none"
        raise UserError("python.none-fits", wanted=declared or f"{low} to {high}", have=have)
    nearest = min(supported, key=lambda i: _distance(i.series, declared))
    if declared:
        why = f"Python {nearest.version}: the project asks for {declared}, which this host does not have"
        return Chosen(interpreter=nearest, why=why, exact=False)
    why = f"Python {nearest.version}: the newest here that Django {django or '5.2'} supports"
    return Chosen(interpreter=nearest, why=why, exact=True)


def _search() -> list[Interpreter]:
    found = []
    for one in findpython.find_all():
        if one.is_valid() and str(one.implementation).lower() == "cpython" and not _in_virtualenv(one.executable):
            path = Path(one.executable)
            found.append(Interpreter(version=Version(str(one.version)), path=path))
    # The distribution's own first: every uid can start it.
    return sorted(found, key=lambda i: (not i.path.is_relative_to("/usr"), -i.version.minor, -i.version.micro))


def _in_virtualenv(path: Path) -> bool:
    return (Path(path).parent.parent / "pyvenv.cfg").exists()


def _asked(path: Path) -> Interpreter | None:
    code = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        finished = run([path, "-I", "-S", "-c", code], deadline=20)
        return Interpreter(version=Version(finished.text.strip()), path=path) if finished.ok else None
    except (OSError, InvalidVersion):
        return None


def _remembered(cache: Path) -> list[Interpreter] | None:
    try:
        if time.time() - cache.stat().st_mtime > KEEP:
            return None
        known = [Interpreter(version=Version(v), path=Path(p)) for v, p in json.loads(cache.read_text())]
    except (OSError, ValueError):
        return None
    return known if all(i.path.exists() for i in known) else None


def _specifier(declared: str) -> SpecifierSet | None:
    text = declared.strip().removeprefix("python-").removeprefix("cpython-")
    try:
        if text and text[0].isdigit():
            parts = Version(text).release
            return SpecifierSet(f"=={parts[0]}.{parts[1]}.*" if len(parts) > 1 else f"=={parts[0]}.*")
        return SpecifierSet(text)
    except (InvalidSpecifier, InvalidVersion):
        return None


def _range(django: str) -> tuple[Version, Version]:
    try:
        release = Version(django).release
        series = f"{release[0]}.{release[1] if len(release) > 1 else 0}"
    except InvalidVersion:
        series = "5.2"
    older = [key for key in DJANGO if Version(key) <= Version(series)]
    low, high = DJANGO[series if series in DJANGO else max(older, key=Version, default="1.8")]
    return Version(low), Version(high)


def _distance(series: Version, declared: str) -> tuple[int, int]:
    """To a declared version: first the fewest series away; with none declared, the newest."""
    specifier = _specifier(declared)
    numbers = [Version(s.version.rstrip(".*")).release for s in specifier or ()]
    wanted = max((n[1] for n in numbers if len(n) > 1), default=series.minor)
    return (abs(series.minor - wanted), -series.minor)
