"""Room for what is pushed, on the disk and in a project's repository, looked at before more of it is taken."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from dz.errors import UserError

SPARE = 1_000_000_000  # bytes that stay free: sites, their databases and builds write to the same disk
COPIES = 3  # of a push while it comes: nginx's, ours and git's


def left(repository: Path, most: int, *, name: str) -> int:
    """Bytes that one push may bring. Raises UserError ``push.disk-full``, ``push.repository-full``."""
    used = _size(repository)
    if used >= most:
        raise UserError("push.repository-full", name=name, used=_mb(used), most=_mb(most))
    free = shutil.disk_usage(repository if repository.exists() else repository.parent).free
    if free <= SPARE:
        raise UserError("push.disk-full", free=_mb(free), spare=_mb(SPARE))
    return min(most - used, (free - SPARE) // COPIES + 1)


def require(length: int, room: int) -> None:
    """Raises UserError ``push.too-large``."""
    if length > room:
        raise UserError("push.too-large", size=_mb(length), room=_mb(room))


def _size(folder: Path) -> int:
    """Of all files in it; those that git takes away meanwhile are none."""
    total = 0
    for where, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                total += Path(where, file).lstat().st_size
    return total


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f}"
