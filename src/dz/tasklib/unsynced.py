"""Folders that may not be on the disk yet: shown at once by a rename, and trusted until the machine falls.

A crash of ours loses nothing that was written; a power cut leaves empty files under a name that would be trusted for
ever. To wait for the disk before the rename costs seconds on a busy machine, since a file system is synced as a whole.
So a note of this boot is made before it, and goes after a sync for which nobody waits; what has a note of another boot
is made again. It rests on a journal that keeps the order of names, as those of ext4, xfs and btrfs do.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, unquote

from dz.tasklib.folders import clear

BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def making(home: Path, path: Path) -> Iterator[None]:
    """Around the rename that shows ``path``, which lies in ``home``: it counts for this boot only, until a sync."""
    notes = _notes(home)
    notes.mkdir(parents=True, exist_ok=True, mode=0o700)
    of_before = [one for one, about in _doubts(home) if about == path]
    descriptor, begun = tempfile.mkstemp(prefix="begun-", dir=notes)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # as long as it is held, no sync takes this for done
        os.write(descriptor, _boot().encode())
        Path(begun).rename(notes / f"{quote(str(path.relative_to(home)), safe='')}~{begun[-8:]}")
        yield
    finally:
        os.close(descriptor)
    for one in of_before:
        one.unlink(missing_ok=True)


def is_whole(home: Path, path: Path) -> bool:
    """Whether it is there and can be trusted."""
    return path.exists() and path not in doubtful(home)


def doubtful(home: Path) -> frozenset[Path]:
    """What an earlier boot left unsynced."""
    return frozenset(path for _, path in _doubts(home))


def drop_doubtful(home: Path, path: Path) -> None:
    """Delete it if an earlier boot left it unsynced; others may do so at the same time, or make it anew already. What
    one that was killed had only put aside goes too."""
    aside = path.with_name(f"{path.name}.dropped")
    if path not in doubtful(home) and not aside.exists():
        return
    with _alone(_notes(home)):
        clear(aside)
        if notes := [one for one, about in _doubts(home) if about == path]:
            with suppress(FileNotFoundError):
                path.rename(aside)
            for one in notes:
                one.unlink(missing_ok=True)
            clear(aside)


def drop_gone(home: Path) -> None:
    """Delete the notes of what was deleted itself."""
    with ExitStack() as held:
        for one in _notes(home).glob("*~*"):
            if _lock(one, held) and not _about(home, one).exists():
                one.unlink(missing_ok=True)


def sync(home: Path) -> None:
    """What was made in this boot is on the disk when this returns, and trusted for ever; but for what another one is
    syncing just now."""
    drop_gone(home)
    boot = _boot()
    with ExitStack() as held:
        made = [one for one in _notes(home).glob("*~*") if _read(one) == boot and _lock(one, held)]
        if made:
            to_disk(home)
        for one in made:
            one.unlink(missing_ok=True)


def to_disk(folder: Path) -> None:
    """Everything written to the folder's file system is on the disk when this returns."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(opened) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(opened)


def _doubts(home: Path) -> Iterator[tuple[Path, Path]]:
    """Each note of another boot, with what it is about; one that can't be read is no proof of this boot."""
    known = (None, _boot())
    for one in _notes(home).glob("*~*"):
        if _read(one) not in known:
            yield one, _about(home, one)


def _about(home: Path, note: Path) -> Path:
    return home / unquote(note.name.rpartition("~")[0])


def _read(note: Path) -> str | None:
    """None: it is gone."""
    try:
        return note.read_text(errors="replace")
    except FileNotFoundError:
        return None


def _lock(note: Path, held: ExitStack) -> bool:
    try:
        descriptor = os.open(note, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    held.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _notes(home: Path) -> Path:
    return home / "unsynced"


def _boot() -> str:
    return BOOT.read_text().strip()
