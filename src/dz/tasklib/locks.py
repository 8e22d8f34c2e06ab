"""One change at a time per project on one host, by locks on files."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dz.errors import Transient

EVERY = 0.1


@contextmanager
def locked(path: Path, *, deadline: float, check: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of ``path``; it goes with the process, so a killed worker leaves none behind.

    Raises Transient after ``deadline`` seconds, and whatever ``check`` raises while it waits.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + deadline
        while not _try(handle):
            check()
            if time.monotonic() > end:
                raise Transient(f"another change of {path.name} on this host takes longer than {deadline:.0f} s")
            time.sleep(EVERY)
        yield
    finally:
        os.close(handle)


@contextmanager
def at_once(path: Path) -> Iterator[bool]:
    """The lock if it is free now; False if somebody holds it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _try(handle)
    finally:
        os.close(handle)


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
