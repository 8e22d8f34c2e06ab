"""Room for what is pushed, on the disk and in a project's repository, looked at before more of it is taken."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from dz.errors import UserError

SPARE = 1_000_000_000  # bytes that stay free: sites, their databases and builds write to the same disk


def left(repository: Path, most: int, *, name: str, came: int) -> int:
    """Bytes that one push may bring; ``came``: with others of the project that go on. Raises UserError
    ``push.repository-full``."""
    used = _size(repository) + came
    if used >= most:
        raise UserError("push.repository-full", name=name, used=_mb(used), most=_mb(most))
    return most - used


def is_on_disk(folder: Path, *, spare: int, came: int) -> bool:
    """Whether git can write what came once more, of all pushes, and enough stays free."""
    return shutil.disk_usage(folder).free - came > spare


def require(length: int, room: int) -> None:
    """Raises UserError ``push.too-large``."""
    if length > room:
        raise UserError("push.too-large", size=_mb(length), room=_mb(room))


def disk_full(folder: Path, spare: int) -> UserError:
    return UserError("push.disk-full", free=_mb(shutil.disk_usage(folder).free), spare=_mb(spare))


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
