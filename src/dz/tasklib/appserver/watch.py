"""When a program that the supervisor starts again and again will not come up: fit as ``alive`` of a health check."""

from __future__ import annotations

from collections.abc import Callable

from dz.seams.supervisor import Status

# A program may die once for a reason that passes, such as tables that the migration was just making.
DEATHS = 2
ENDED = frozenset({"fatal", "exited", "stopped"})


class Watch:
    """Asked often; None while there is hope, else how the program ended. ``status``: None if it is unknown."""

    def __init__(self, status: Callable[[], Status | None]) -> None:
        self._status = status
        self._pids: list[int] = []
        self._down = 0

    def __call__(self) -> str | None:
        status = self._status()
        if status is None:
            return "it is not running"
        if status.state in ENDED:
            return status.detail or status.state
        if status.state == "backoff":
            self._down = max(self._down, len(self._pids), 1)
        elif status.pid is not None and status.pid not in self._pids:
            self._pids.append(status.pid)
        deaths = max(self._down, len(self._pids) - 1)
        return f"{deaths} times in a row" if deaths >= DEATHS else None
