"""A step in a process of its own beside the worker's pool, for what lasts as long as somebody types.

The message is acknowledged at once and the pool is free: the step's row with its lease says what runs, as ever. The
process is a fork, made in milliseconds of what is loaded already. It dies with the one that it came from, and then the
lease runs out.
"""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress

from django.db import connection

from dz.log import get_logger
from dz.tasks.runner import run_step as run_whole_step

_PR_SET_PDEATHSIG = 1

log = get_logger()
_begun: set[int] = set()


def run_step(step_id: int, attempt: int) -> None:
    """Begin it; returns at once."""
    _collect()
    connection.close()  # two processes on one connection would hear each other's answers
    parent = os.getpid()
    pid = os.fork()
    if pid:
        _begun.add(pid)
        return
    code = 1
    try:
        _part_from(parent)
        run_whole_step(step_id, attempt)
        code = 0
    except BaseException:  # nothing may come back into the pool's loop from here
        log.exception("aside.failed", step_id=step_id)
    finally:
        os._exit(code)


def _part_from(parent: int) -> None:
    """Ctrl-C is for the command that this process will start, which asks for it again."""
    for sign in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(sign, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _collect() -> None:
    for pid in tuple(_begun):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                continue
        _begun.discard(pid)
