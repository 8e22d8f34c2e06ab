"""Named points at which a test makes this process die or wait. Without ``DZ_TESTING=1`` they are nothing.

``DZ_FAULT="effect:kill"``: at the first attempt's point *effect* the process gets SIGKILL; ``kill-worker``: its parent
too; ``hold=/path``: it waits until that file exists; ``park=/folder``: it waits while the folder has a file with the
step's name; both for a minute at most. Points: claimed, effect, recorded (in the runner, in this order) and published
(in the dispatcher).
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

HOLD = 60.0


def point(name: str, *, attempt: int = 1, step: str = "") -> None:
    if os.environ.get("DZ_TESTING") != "1" or attempt != 1:
        return
    where, _, action = os.environ.get("DZ_FAULT", "").partition(":")
    if where == name:
        _act(action, step)


def _act(action: str, step: str) -> None:
    what, _, path = action.partition("=")
    end = time.monotonic() + HOLD
    if what == "hold":
        Path(f"{path}.held").touch()
        while not Path(path).exists() and time.monotonic() < end:
            time.sleep(0.02)
    if what == "park":
        while (Path(path) / step).is_file() and time.monotonic() < end:
            time.sleep(0.02)
    if what == "kill-worker":
        os.kill(os.getppid(), signal.SIGKILL)
    if what in ("kill", "kill-worker"):
        os.kill(os.getpid(), signal.SIGKILL)
