"""Releases that fit by what they say and fail together: one that a project pins, and another that it leaves open, of
which the newest is taken.

What is known of such is asked for on top. Where that does not fit what the project pins, the first answer stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement as Line
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dz.tasklib.build import locked
from dz.tasklib.build.bench import Bench
from dz.tasklib.build.locked import Requirement, Source

Found = tuple[list[Requirement], list[Source]]

# What each can't live with says no package: who has the first in that range needs the second.
_LIMITS = (
    ("celery", "<5.3", "importlib-metadata<5"),  # entry_points() was a dict until then
    ("jinja2", "<3", "markupsafe<2.1"),  # soft_unicode
    ("djangorestframework-simplejwt", "<4.7", "pyjwt<2"),
    ("openai", "<1.55.3", "httpx<0.28"),
    ("uvicorn", "<0.14", "uvloop<0.22"),  # get_event_loop() made a loop until then
    # These were compiled for the first numpy.
    ("pandas", "<2.2.2", "numpy<2"),
    ("scipy", "<1.13", "numpy<2"),
    ("scikit-learn", "<1.4.2", "numpy<2"),
    ("matplotlib", "<3.9", "numpy<2"),
    ("opencv-python", "<4.10", "numpy<2"),
    ("opencv-python-headless", "<4.10", "numpy<2"),
)
# What says by an extra with which releases of another it works, and is installed without that extra: which do not, so
# that uv is asked a second time only then.
_EXTRAS = (
    ("kombu", ">=5.7", "redis", "<6.4", "kombu[redis]"),
    ("kombu", ">=5.6,<5.7", "redis", ">=6.5", "kombu[redis]"),
    ("kombu", ">=5.5,<5.6", "redis", ">5.2.1", "kombu[redis]"),
    ("kombu", ">=5.3,<5.7", "redis", "<4.5.2", "kombu[redis]"),
    ("kombu", ">=4.3,<5.3", "redis", "<3.4.1", "kombu[redis]"),
)


def fitting(bench: Bench, words: Sequence[str | Path], files: Sequence[Path], found: Found, *, cwd: Path) -> Found:
    """What these words and files of ``uv pip compile`` led to, or lead to with what is known on top."""
    have = {one.name: one.version for part in found for one in part}
    limits, lines = wishes(have)
    if not limits and not lines:
        return found
    given = bench.write("clashes-limits.txt", "".join(f"{one}\n" for one in limits))
    more = bench.write("clashes.in", "".join(f"{one}\n" for one in lines))
    argv = [bench.uv(), *words, "--quiet", "--quiet", "-c", given, "--", *files, more]
    finished, _ = bench.inside(argv, cwd=cwd)
    if not finished.ok:
        return found
    again = locked.read(finished.output, bench.python)
    for one in (one for part in again for one in part if have.get(one.name, one.version) != one.version):
        bench.log.note(f"{one.name} {one.version} is taken: {have[one.name]} does not work with the other packages")
    return again


def wishes(have: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Limits that these versions (by name) break, and lines to ask for beside the project's own."""
    limits = [limit for name, versions, limit in _LIMITS if _is_in(have, name, versions) and _breaks(have, limit)]
    lines = {
        line
        for name, versions, other, broken, line in _EXTRAS
        if _is_in(have, name, versions) and _is_in(have, other, broken)
    }
    return sorted(set(limits)), sorted(lines)


def _is_in(have: Mapping[str, str], name: str, versions: str) -> bool:
    return bool(have.get(name)) and SpecifierSet(versions).contains(Version(have[name]), prereleases=True)


def _breaks(have: Mapping[str, str], limit: str) -> bool:
    line = Line(limit)
    return bool(have.get(line.name)) and not line.specifier.contains(Version(have[line.name]), prereleases=True)
