"""One change at a time per project on one host, by locks on files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dz.errors import Transient
from dz.until import until

if TYPE_CHECKING:
    from dz.tasklib.context import Context

EVERY = 0.1


@contextmanager
def locked(path: Path, *, deadline: float, check: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of ``path``; it goes with the process, so a killed worker leaves none behind.

    Raises Transient after ``deadline`` seconds, and whatever ``check`` raises while it waits.
    """
    handle = _open(path)

    def taken() -> bool:
        if _try(handle):
            return True
        check()
        return False

    try:
        if not until(taken, deadline, every=EVERY):
            raise Transient(f"another change of {path.name} on this host takes longer than {deadline:.0f} s")
        yield
    finally:
        os.close(handle)


def held(ctx: Context, path: Path, *, most: float = 120) -> AbstractContextManager[None]:
    """The same for a step, which waits as long as it may itself, ``most`` seconds at most."""
    return locked(path, deadline=ctx.left(most), check=ctx.check)


@contextmanager
def at_once(*paths: Path) -> Iterator[bool]:
    """These locks if all are free now; False if somebody holds one."""
    with ExitStack() as ours:
        handles = [_open(path) for path in paths]
        for handle in handles:
            ours.callback(os.close, handle)
        yield all(_try(handle) for handle in handles)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
