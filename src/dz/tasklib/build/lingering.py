"""A front end's build that says that it is done and does not end: workers that nobody ends, or a watch for changes.

It is ended once it has said so and then nothing for a while: what it made is as good as if it had ended by itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

DONE = re.compile(
    r"\bDONE\b|Build complete\.|ready to be deployed|compiled successfully|compiled with \d{1,6} warning"
    r"|built in [\d.]{1,12} ?m?s\b"
)
STILL = 120.0  # seconds without a word
TAIL = 4096  # characters of what it said last


class Lingering:
    """What a build says, and whether it is over. ``stop``: whether the job is to end, ``on``: who hears it too."""

    def __init__(self, stop: Callable[[], bool], on: Callable[[bytes], None], *, still: float = STILL) -> None:
        self._stop, self._on, self._still = stop, on, still
        self._said, self._last, self._done = "", time.monotonic(), False

    def heard(self, piece: bytes) -> None:
        self._on(piece)
        self._last = time.monotonic()
        self._said = (self._said + piece.decode(errors="replace"))[-TAIL:]
        self._done = self._done or DONE.search(self._said) is not None

    def asked(self) -> bool:
        """Whether it is to be ended, for either reason."""
        return self._stop() or self.over

    @property
    def over(self) -> bool:
        """Whether it only lingers."""
        return self._done and time.monotonic() - self._last > self._still
