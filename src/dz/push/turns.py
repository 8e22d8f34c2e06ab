"""How many pushes and fetches go on at once, and how much came with them: each takes memory and disk, and one that
waits for its deploy takes them for long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dz.errors import UserError

AT_ONCE = 16
OF_ONE = 4  # project, so that none takes them all


@dataclass(eq=False, slots=True)
class Turn:
    """``size``: bytes that came, which git writes once more."""

    project: str
    size: int = 0


class Turns:
    def __init__(self) -> None:
        self._taken: list[Turn] = []
        self._lock = threading.Lock()

    def taken(self) -> int:
        with self._lock:
            return len(self._taken)

    def came(self, project: str = "", *, but: Turn | None = None) -> int:
        """Bytes, of all or of a project's."""
        with self._lock:
            return sum(one.size for one in self._taken if one is not but and project in ("", one.project))

    @contextmanager
    def one(self, project: str) -> Iterator[Turn]:
        """Raises UserError ``push.too-many`` when there is none left."""
        turn = Turn(project)
        with self._lock:
            if sum(one.project == project for one in self._taken) >= OF_ONE:
                raise UserError("push.too-many", most=OF_ONE, of=f" of {project}")
            if len(self._taken) >= AT_ONCE:
                raise UserError("push.too-many", most=AT_ONCE, of="")
            self._taken.append(turn)
        try:
            yield turn
        finally:
            with self._lock:
                self._taken.remove(turn)
