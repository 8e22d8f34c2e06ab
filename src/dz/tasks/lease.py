"""Keeps a step's lease while its attempt runs, and ends the process the moment it is lost.

Two threads, so that a renewal that hangs in the network can't hide that its time is over: one renews, one watches. A
lost lease means that another worker may be at the same step already: whatever carries this attempt's kill id is killed,
and the process exits without a word to zoomdb.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

from dz.log import get_logger
from dz2 import engine

TICK = 0.1
LOST = 70  # exit code of a process whose step is somebody else's

log = get_logger()


class Lease:
    """Use as a context manager around the attempt and its recording. ``until``: the step's deadline, of
    time.monotonic(); ``idle`` is called at every tick."""

    def __init__(
        self,
        claimed: engine.Claimed,
        *,
        lease: float,
        every: float,
        until: float,
        kill: Callable[[], None],
        idle: Callable[[], None],
    ) -> None:
        self._claimed = claimed
        self._lease, self._every, self.until = lease, every, until
        self._kill, self._idle = kill, idle
        self._over = threading.Event()
        self._writing = threading.Lock()
        self._answered = time.monotonic()
        self.cancelled = False

    def __enter__(self) -> Lease:
        for work in (self._renewing, self._watching):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def stop(self) -> bool:
        """Whether the job was cancelled."""
        return self.cancelled

    @contextmanager
    def recording(self) -> Iterator[None]:
        """No renewal may see the recorded step and take it for lost. How long it may last, the watch decides."""
        with self._writing:
            yield
            self._over.set()

    def _renewing(self) -> None:
        due = self._answered + self._every
        while not self._over.wait(TICK):
            self._idle()
            if time.monotonic() < due:
                continue
            due = time.monotonic() + self._every
            with self._writing:
                if not self._over.is_set():
                    self._renew()
        connection.close()

    def _renew(self) -> None:
        asked = time.monotonic()
        try:
            answer = engine.renew(self._claimed, lease=self._lease)
        except (OperationalError, InterfaceError):
            connection.close()  # zoomdb may come back before the watch gives up
            return
        if not answer.kept:
            self._lose("another attempt has the step")
        self._answered = asked
        self.cancelled = answer.cancel

    def _watching(self) -> None:
        while not self._over.wait(TICK):
            now = time.monotonic()
            if now - self._answered > self._lease * 2 / 3:
                self._lose("zoomdb did not answer in time")
            if now > self.until + self._lease:
                self._lose("the step's deadline is over")

    def _lose(self, why: str) -> None:
        log.error("step.lost", step=self._claimed.step, job=self._claimed.job_id, why=why)
        try:
            self._kill()
        finally:
            os._exit(LOST)
