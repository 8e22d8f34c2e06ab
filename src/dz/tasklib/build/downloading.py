"""Brings a Python that this host lacks: uv installs it into a folder of ours, where every project's uid can start it.

Promises: only a series that the project needs and no interpreter here fits; the archive is what uv knows by its hash;
it is in the job's log with its seconds. A failure is one line of that log and no end of the build, and is remembered
for some minutes, so that a host without that network waits once. ``UV_PYTHON_DOWNLOADS=never`` switches it off.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from packaging.version import Version
from uv import find_uv_bin

from dz.errors import PlatformError
from dz.run import CommandFailed, check
from dz.seams.sandbox.indexes import python_sources
from dz.tasklib.build.inspect.pythons import PYTHONS, specifier
from dz.tasklib.build.interpreters import Interpreter, brought_to, django_range
from dz.tasklib.context import Context

SERIES = tuple(Version(f"3.{minor}") for minor in range(15, 7, -1))  # what uv has, the newest first
NEWEST = Version(list(PYTHONS.values())[-1][1])  # not beyond what a Django supports, unless that is asked for
PATCHES = range(40)
DEADLINE = 180.0  # seconds for some 30 MB
AGAIN = 600.0  # seconds after a failure


def missing(found: Sequence[Interpreter], *, declared: str = "", django: str = "") -> str:
    """The series to bring, like ``3.12``; "" where one of ``found`` fits, or none that uv has would.

    A pinned patch (``3.12.4``) is near enough in another patch of its series.
    """
    wanted = specifier(declared)
    low, high = django_range(django)
    fits = [one for one in SERIES if low <= one <= min(high, NEWEST)]
    if wanted is None:
        return _first_unless_here(fits, [one.series for one in found])
    asked = [one for one in SERIES if any(wanted.contains(f"{one}.{patch}") for patch in PATCHES)]
    pinned = str(wanted).startswith("==")
    here = [one.series for one in found if pinned or wanted.contains(str(one.version))]
    return _first_unless_here([one for one in asked if one in fits] or asked, here)


def allowed() -> bool:
    """Whether the operator lets uv download any."""
    return python_sources().get("UV_PYTHON_DOWNLOADS") not in ("never", "manual")


def bring(ctx: Context, series: str) -> bool:
    """Whether it is here now; the job is told what was done, or why it could not be."""
    failed = ctx.settings.home / "cache" / f"python-{series}.failed"
    if not allowed():
        return False
    if failed.exists() and time.time() - failed.stat().st_mtime < AGAIN:
        ctx.log.note(f"Python {series} could not be downloaded some minutes ago, and is not tried again yet")
        return False
    try:
        with ctx.part(f"Download Python {series}"):
            _install(ctx, series, brought_to(ctx.settings.home), python_sources())
    except PlatformError as error:
        failed.parent.mkdir(parents=True, exist_ok=True)
        failed.touch()
        ctx.log.note(f"Python {series} could not be downloaded: {cause(error)}", level="warning")
        return False
    return True


def _first_unless_here(fits: Sequence[Version], here: Sequence[Version]) -> str:
    return str(fits[0]) if fits and not set(fits) & set(here) else ""


def _install(ctx: Context, series: str, to: Path, sources: dict[str, str]) -> None:
    to.mkdir(mode=0o755, parents=True, exist_ok=True)
    argv: list[str | Path] = [
        find_uv_bin(), "python", "install", "--no-config", "--no-bin", "--no-progress", "--install-dir", to,
        "--cache-dir", ctx.settings.home / "cache" / "uv", series,
    ]  # fmt: skip
    check(argv, deadline=ctx.left(DEADLINE), cwd=Path("/"), env={"UV_HTTP_RETRIES": "1", **sources}, cancelled=ctx.stop)


def cause(error: PlatformError) -> str:
    """uv's last cause, which is the first one in time."""
    if not isinstance(error, CommandFailed):
        return str(error)
    lines = error.finished.text.strip().splitlines() or [str(error)]  # one that was killed says nothing
    return lines[-1].strip().removeprefix("cause: ")
