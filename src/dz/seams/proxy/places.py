"""Whether a worker of nginx ended before its time: the places that its visitors had taken (see ``bounds``) stay taken
in the memory that it shared, which only a reload with memories of another size lets go.

Under ``prefix``: ``workers`` names the workers that are to live until the next reload, ``anew`` is there every second
time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import psutil

from dz.seams.proxy.workers import Worker

LIVES = "nginx: worker process"  # one that was told to end says more


class Places:
    """Of one instance, whose lock the caller holds."""

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix
        self._noted = prefix / "workers"
        self._second = prefix / "anew"

    @property
    def anew(self) -> bool:
        return self._second.exists()

    def are_lost(self, master: psutil.Process, workers: list[Worker]) -> bool:
        """Whether one of those that were noted is gone. Notes those that are there now."""
        alive = _alive(workers)
        known = self._read().get(_name(master), [])
        self._write(master, {*known, *alive})
        return not set(known) <= set(alive)

    def note(self, master: psutil.Process, new: Iterable[Worker]) -> None:
        """Those that are there after a reload."""
        self._write(master, {_name(worker.process) for worker in new})

    def forget(self) -> None:
        """Before a reload, which ends them all."""
        self._noted.unlink(missing_ok=True)

    def begin_anew(self) -> None:
        if self.anew:
            self._second.unlink()
        else:
            self._second.touch()

    def _write(self, master: psutil.Process, names: set[str]) -> None:
        self._noted.write_text(json.dumps({_name(master): sorted(names)}))

    def _read(self) -> dict[str, list[str]]:
        try:
            return dict(json.loads(self._noted.read_text()))
        except (FileNotFoundError, ValueError):
            return {}


def _alive(workers: list[Worker]) -> list[str]:
    found = []
    for worker in workers:
        try:
            if not worker.gone() and " ".join(worker.process.cmdline()).strip() == LIVES:
                found.append(_name(worker.process))
        except psutil.NoSuchProcess:
            continue
    return found


def _name(process: psutil.Process) -> str:
    """The same pid may come again."""
    return f"{process.pid} {process.create_time()}"
