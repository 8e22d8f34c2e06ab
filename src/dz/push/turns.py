"""How many pushes and fetches go on at once: each takes memory, and one that waits for its deploy takes it for long."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from dz.errors import UserError

AT_ONCE = 16
OF_ONE = 4  # project, so that none takes them all; nginx lets no more in


class Turns:
    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def taken(self) -> int:
        with self._lock:
            return self._taken.total()

    @contextmanager
    def one(self, project: str) -> Iterator[None]:
        """Raises UserError ``push.too-many`` when there is none left."""
        with self._lock:
            if self._taken[project] >= OF_ONE:
                raise UserError("push.too-many", most=OF_ONE, of=f" of {project}")
            if self._taken.total() >= AT_ONCE:
                raise UserError("push.too-many", most=AT_ONCE, of="")
            self._taken[project] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[project] -= 1
                self._taken += Counter()  # nobody's are forgotten
