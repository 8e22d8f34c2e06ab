"""Named points at which a test makes this process die or wait. Without ``DZ_TESTING=1`` they are nothing.

``DZ_FAULT="effect:kill"``: at the first attempt's point *effect* the process gets SIGKILL; ``kill-worker``: its parent
too. ``DZ_FAULT=@/folder`` is for a platform that runs on: there a file ``deploy.effect`` holds the action of that
step's point; ``hold`` lasts as long as the file, two minutes at most, and ``deploy.effect.held`` then names the process
that waits. Points: claimed, inside (``Context.midway``: half of the effect is there), effect, recorded (of the runner,
in this order) and published (in the dispatcher).
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

HOLD = 120.0


def point(name: str, *, attempt: int = 1, step: str = "") -> None:
    words = os.environ.get("DZ_FAULT", "")
    if os.environ.get("DZ_TESTING") != "1" or attempt != 1:
        return
    if words.startswith("@"):
        _by_file(Path(words[1:]) / f"{step}.{name}")
        return
    where, _, action = words.partition(":")
    if where == name:
        _kill(action)


def _by_file(file: Path) -> None:
    try:
        what = file.read_text()
    except FileNotFoundError:
        return
    if what == "hold":
        _hold(file)
    _kill(what)


def _hold(file: Path) -> None:
    held = file.with_name(f"{file.name}.held")
    held.write_text(str(os.getpid()))
    end = time.monotonic() + HOLD
    while file.exists() and time.monotonic() < end:
        time.sleep(0.02)
    held.unlink(missing_ok=True)


def _kill(what: str) -> None:
    if what == "kill-worker":
        os.kill(os.getppid(), signal.SIGKILL)
    if what in ("kill", "kill-worker"):
        os.kill(os.getpid(), signal.SIGKILL)
