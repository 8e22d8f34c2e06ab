"""The one wait that has no better sign than to look again: with a deadline, and a pause between looks."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float, *, every: float) -> bool:
    """Whether it came true in time. It is looked at once at least, and what it raises ends the wait."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True
