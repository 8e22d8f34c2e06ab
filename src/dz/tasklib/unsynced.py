"""Folders that may not be on the disk yet: shown at once by a rename, and trusted until the machine falls.

A crash of ours loses nothing that was written; a power cut leaves empty files under a name that would be trusted for
ever. To wait for the disk before the rename costs seconds on a busy machine, since a file system is synced as a whole.
So a note of this boot is made before it, and goes after a sync for which nobody waits; what has a note of another boot
is made again. It rests on a journal that keeps the order of names, as those of ext4, xfs and btrfs do.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from dz.tasklib.folders import clear

BOOT = Path("/proc/sys/kernel/random/boot_id")


def note(home: Path, path: Path) -> None:
    """Before ``path``, which lies in ``home``, has its name: what is there counts for this boot only, until a sync."""
    notes = _notes(home)
    notes.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, _ = tempfile.mkstemp(prefix=f"{_name(home, path)}~", dir=notes)
    with os.fdopen(descriptor, "w") as out:
        out.write(_boot())


def is_whole(home: Path, path: Path) -> bool:
    """Whether it is there and can be trusted; what an earlier boot left unsynced is deleted."""
    of_others = [one for one in _notes(home).glob(f"{_name(home, path)}~*") if one.read_text() != _boot()]
    if of_others:
        clear(path)
    for one in of_others:
        one.unlink(missing_ok=True)
    return path.exists()


def sync(home: Path) -> None:
    """All that has a note of this boot is on the disk when this returns, and trusted for ever."""
    of_now = list(_of_now(home))
    if of_now:
        to_disk(home)
    for one in of_now:
        one.unlink(missing_ok=True)


def to_disk(folder: Path) -> None:
    """Everything written to the folder's file system is on the disk when this returns."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(opened) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(opened)


def _of_now(home: Path) -> Iterator[Path]:
    for one in _notes(home).glob("*~*"):
        try:
            if one.read_text() == _boot():
                yield one
        except FileNotFoundError:  # synced by another step just now
            continue


def _notes(home: Path) -> Path:
    return home / "unsynced"


def _name(home: Path, path: Path) -> str:
    return quote(str(path.relative_to(home)), safe="")


def _boot() -> str:
    return BOOT.read_text().strip()
