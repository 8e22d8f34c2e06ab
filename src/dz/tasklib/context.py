"""What a step is given: who it works for, the door to zoomdb, the log, its deadline, its host's settings."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dz.errors import Cancelled
from dz.settings import WorkerSettings
from dz.tasklib.hosting import Seams
from dz.tasklib.zoomdb import Door


class JobLog(Protocol):
    """Where a step tells the user what it does. Lines are kept in order, capped and cleared of known secrets."""

    def note(self, text: str, *, level: str = "info") -> None:
        """A sentence of the platform's own. ``level``: info, warning or error."""

    def output(self, piece: bytes) -> None:
        """Raw output of a command, in pieces as they come: fit for ``dz.run.run(on_output=...)``."""

    def begin(self, part: str) -> None: ...

    def end(self, part: str, seconds: float, *, ok: bool) -> None: ...

    def hide(self, name: str, secret: str) -> None:
        """From now on ``secret`` reads ``[name]`` in every line."""

    def title(self, text: str) -> None:
        """A truer title for the running step ("Install 61 dependencies")."""


def kill_domain(home: Path, instance_id: str) -> str:
    """What stands before the kill ids of all steps of this host. Named by DZ_HOME too: another platform on this machine
    has the same names and numbers."""
    return hashlib.sha256(f"{home}\0{instance_id}".encode()).hexdigest()[:12]


def kill_id(home: Path, instance_id: str, step_id: int, attempt: int) -> str:
    """What every process of an attempt carries, so that the next one can end those of the ones before, and one that
    wakes up too late ends its own alone."""
    return f"{kill_domain(home, instance_id)}/{step_id}/{attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One attempt at one step."""

    job_id: int
    step_id: int
    attempt: int
    step: str
    params: Mapping[str, Any]  # the job's job_params
    results: Mapping[str, Mapping[str, Any]]  # of the steps that are done, by name
    door: Door
    log: JobLog
    settings: WorkerSettings
    seams: Seams
    until: float  # of time.monotonic()
    stop: Callable[[], bool]  # True once the job is cancelled or the lease is lost
    # A step calls it where half of its effect is there: there the fault matrix kills it (docs/reliability.md).
    midway: Callable[[], None] = lambda: None

    @property
    def host(self) -> str:
        return self.settings.instance_id

    @property
    def kill_id(self) -> str:
        return kill_id(self.settings.home, self.host, self.step_id, self.attempt)

    @property
    def built(self) -> bool:
        """Whether a build is a part of this job: what its probe saw was seen with the release's own variables."""
        return "build_bundle" in self.results

    def left(self, at_most: float = float("inf")) -> float:
        """Seconds until the step's deadline, at least 0.1, at most ``at_most``: fit as a command's deadline."""
        return max(0.1, min(at_most, self.until - time.monotonic()))

    def check(self) -> None:
        """Raises Cancelled once the step must stop. Called between parts and in every wait."""
        if self.stop():
            raise Cancelled("the job was cancelled")

    @contextmanager
    def part(self, title: str) -> Iterator[None]:
        """A titled piece of the step's log, with its seconds."""
        self.check()
        began = time.monotonic()
        self.log.begin(title)
        ok = False
        try:
            yield
            ok = True
        finally:
            self.log.end(title, time.monotonic() - began, ok=ok)
