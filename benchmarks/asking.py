"""Requests one after the other on a connection that stays open, each timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

from tests.waiting import meanwhile


class Asker:
    """Asks ``host``'s front page at a port of this machine."""

    def __init__(self, port: int, host: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._host = host

    def ask(self) -> float:
        """Milliseconds until the whole answer was there. What a closed connection costs is in it."""
        began = time.monotonic()
        try:
            status = self._once()
        except (HTTPException, ConnectionError):  # an idle connection that the server has closed
            self._connection.close()
            status = self._once()
        if status != 200:
            raise RuntimeError(f"{self._host} answered {status}")
        return 1000 * (time.monotonic() - began)

    def _once(self) -> int:
        self._connection.request("GET", "/", headers={"Host": self._host})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def settled(asker: Asker, seconds: float = 20.0) -> None:
    """Until the port answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            asker.ask()
            return
        except (OSError, HTTPException, RuntimeError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@contextmanager
def asking(asker: Asker) -> Iterator[list[float]]:
    """While it lasts requests go on beside; the list of their milliseconds. One that failed raises at the end."""
    took: list[float] = []
    with meanwhile(lambda: took.append(asker.ask())):
        yield took
