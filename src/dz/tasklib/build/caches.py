"""What a build host keeps for later builds goes when nothing has needed it for a month: wheels that uv unpacked, byte
code, packed packages, what the platform adds. Its size is so bounded by what a month's builds use.

A file of it that an environment has is a hard link; making one and taking one away both change the file's ctime. Where
there are no links (environments on another file system) it is the age: the month's first build downloads again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR

from dz.tasklib.folders import clear
from dz.tasklib.locks import at_once

DAY = 24 * 3600
UNUSED = 30 * DAY
_OF_UV = {".lock", ".gitignore", "CACHEDIR.TAG"}


def drop(cache: Path, *, now: float | None = None) -> int:
    """At most once a day, and not while uv works; returns how many files and unpacked wheels went."""
    now = time.time() if now is None else now
    swept = cache / "swept"
    if not cache.exists() or (swept.exists() and swept.stat().st_mtime > now - DAY):
        return 0
    with at_once(cache / "uv" / ".lock") as ours:  # which uv holds, shared, as long as it works
        if not ours:
            return 0
        gone = [one for one in _kept(cache) if _last_needed(one) < now - UNUSED]
        for one in gone:
            clear(one)
    swept.touch()
    return len(gone)


def _kept(cache: Path) -> Iterator[Path]:
    """Files; of wheels the whole folder: uv takes one that is there for complete."""
    for folder in (cache / name for name in ("uv", "bytecode", "owncode", "packed", "brought")):
        for one in folder.glob("*"):
            if one.name.startswith("archive-"):
                yield from one.iterdir()
            elif one.name not in _OF_UV:
                yield from (file for file in (one, *one.rglob("*")) if not file.is_dir() or file.is_symlink())


def _last_needed(kept: Path) -> float:
    """Seconds as of time.time(): for ever while something else has a link to it."""
    last = 0.0
    for one in (kept, *kept.rglob("*")):
        status = one.lstat()
        if not S_ISDIR(status.st_mode):
            last = max(last, float("inf") if status.st_nlink > 1 else status.st_ctime)
    return last
