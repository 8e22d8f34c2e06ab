"""The kill domain: every process of a box carries its kill id in its environment, so a later attempt finds it.

Kill ids are paths: whoever kills ``a/7`` ends what carries that, ``a/7/1`` or ``a/7/2``, and nothing of ``a/77``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from dz.run import KILL_ID

WAIT = 5.0


def mark(kill_id: str) -> dict[str, str]:
    return {KILL_ID: kill_id} if kill_id else {}


def carriers(kill_id: str) -> list[int]:
    """Processes of this host, other than ours, that carry the id, or one below it, and that we may read."""
    needle = f"{KILL_ID}={kill_id}/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if any((one + b"/").startswith(needle) for one in (entry / "environ").read_bytes().split(b"\0")):
                    found.append(int(entry.name))
    return found


def kill(kill_id: str) -> None:
    """SIGKILL until none is left, a few seconds at most."""
    end = time.monotonic() + WAIT
    while kill_id and (pids := carriers(kill_id)) and time.monotonic() < end:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
