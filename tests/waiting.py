"""How a test waits, for a condition with a deadline, and how it does something else meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def meanwhile(work: Callable[[], object], *, every: float = 0.0) -> Iterator[None]:
    """While it lasts ``work`` is done beside, again and again, ``every`` seconds apart. What it raises ends it, and is
    raised at the end."""
    failed: list[Exception] = []
    over = threading.Event()

    def go_on() -> None:
        try:
            while not over.wait(every):
                work()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            failed.append(error)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]
