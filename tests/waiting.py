"""The one way in which a test waits: for a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, what: str, deadline: float = 60.0, every: float = 0.05) -> T:
    """Ask ``condition`` until it gives something true, and return that; AssertionError after ``deadline`` seconds."""
    end = time.monotonic() + deadline
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"after {deadline:.0f} s still not: {what} (last answer: {got!r})")
        time.sleep(every)
