"""Tells zoomdb every few seconds that this worker's host lives, from a thread of the worker itself: a frozen worker is
silent, and placement passes a silent host over."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from dz.errors import DzError
from dz.log import get_logger
from dz.settings import WorkerSettings
from dz.tasklib.appserver.vitals import Vital, Vitals
from dz.tasklib.hosting import Seams
from dz.tasklib.machine import measure, platform_name
from dz.tasklib.pipeline import BUILD
from dz.tasks.fence import Keeper
from dz2.heartbeats import beat

FIRST = 10.0  # seconds that the worker waits at most for its first beat

log = get_logger()


class Heartbeat:
    """``start`` once, which returns after the first beat; ``stop`` when the worker goes.

    The first loads modules, and a process that the pool forks meanwhile would find them locked, by nobody, for ever."""

    def __init__(self, settings: WorkerSettings, seams: Seams) -> None:
        self._settings = settings
        self._fixed: Mapping[str, Any] = {
            "platform": platform_name(),
            "sandbox": str(seams.sandbox.rung),
            "pid": os.getpid(),
            "pythons": pythons(settings, seams) if settings.role == BUILD else [],
        }
        self._fence = Keeper(settings)
        self._vitals = Vitals(seams.supervisor) if seams.supervisor else None
        self._beaten = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._beating, name="heartbeat", daemon=True).start()
        self._beaten.wait(FIRST)

    def stop(self) -> None:
        self._over.set()

    def _beating(self) -> None:
        first = True
        while True:
            try:
                measured = {**measure(self._settings.home), **self._fence.column()}
                beat(self._settings, {**self._fixed, **measured}, started=first, vitals=self._look())
                first = False
            except (DatabaseError, InterfaceError, OSError) as error:
                log.warning("heartbeat.failed", error=str(error))
                connection.close()
            self._beaten.set()
            if self._over.wait(self._settings.heartbeat):
                connection.close()
                return

    def _look(self) -> Mapping[str, Vital]:
        """How the programs are; a supervisor that does not answer makes the host not silent."""
        try:
            return self._vitals.look() if self._vitals else {}
        except DzError as error:
            log.warning("heartbeat.no-vitals", error=str(error))
            return {}


def pythons(settings: WorkerSettings, seams: Seams) -> list[str]:
    """The versions that a build on this host can give to a project."""
    from dz.tasklib.build import interpreters  # which the other three do without

    usable, _ = interpreters.of_host(settings, seams.sandbox)
    return [str(one.version) for one in usable]
