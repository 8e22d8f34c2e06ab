"""How this host's programs are, for its heartbeat: memory, how often they ended by themselves, and how last."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from dz.seams.sandbox.launch import PORT_BUSY
from dz.seams.supervisor import End, Status, Supervisor
from dz.tasklib.appserver.processes import WEB, kind
from dz.tasklib.machine import memory_of

MEMORY_EVERY = 30.0  # seconds: the kernel counts shared pages slowly
SIGNALS = {str(128 + one): one.name for one in signal.Signals}
RESTARTING, GIVEN_UP, LAST = "restarting", "given up", "last ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """Of one program. ``memory`` in bytes, None if it was not measured now; ``ends``: how often it ended since the look
    before; ``detail``: how it ended last and what becomes of it, "" if it never did; ``since``: seconds since it was
    last started, None if it never was."""

    memory: int | None
    ends: int
    detail: str
    since: float | None = None


class Vitals:
    """``look`` with every heartbeat. It keeps in memory how far it has read; what came before a worker's start is told,
    but not counted again."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._seen: str | None = None  # the latest end that was counted
        self._how: dict[str, str] = {}
        self._measured = 0.0

    def look(self) -> dict[str, Vital]:
        """By the program's name. Raises what the supervisor raises."""
        programs = self._supervisor.status()
        ends = self._count()
        due = time.monotonic() - self._measured >= MEMORY_EVERY
        if due:
            self._measured = time.monotonic()
        self._how = {name: how for name, how in self._how.items() if name in programs}
        return {
            name: Vital(
                memory=memory_of(status.pid) if due or name in ends or status.state == "starting" else None,
                ends=ends.get(name, 0),
                detail=_detail(status, self._how.get(name, "")),
                since=status.since,
            )
            for name, status in programs.items()
        }

    def _count(self) -> dict[str, int]:
        """Ends since the last look, by program."""
        found = self._supervisor.ends()
        counted: dict[str, int] = {}
        for end in found:
            self._how[end.name] = f"{_explained(end)} at {end.at[11:19]}"
            if self._seen is not None and end.at > self._seen:
                counted[end.name] = counted.get(end.name, 0) + 1
        self._seen = max([self._seen or "", *(end.at for end in found)])
        return counted


def _explained(end: End) -> str:
    """How it ended; what a code means that none of its own log says."""
    code = end.how.removeprefix("exit ")
    if code == str(PORT_BUSY) and kind(end.name.split("-", 2)[-1]) == WEB:  # the launcher listens for no other
        return f"{end.how}, for its port was taken,"
    by = SIGNALS.get(code, "")  # as the sandbox tells of what was killed in it
    return f"{end.how}, as by {by}," if by else end.how


def _detail(status: Status, how: str) -> str:
    if status.state == "fatal":
        return f"{GIVEN_UP}: {how or status.detail}"
    if status.state in ("backoff", "exited") or (status.state == "starting" and how):
        return f"{RESTARTING}: {how or status.detail}"
    return f"{LAST}: {how}" if how else ""
