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
# What the tools say as they begin, npm and yarn of each script: a build may be several, and the last one be silent.
BEGUN = re.compile(r"^[>$] \S|[Cc]reating an optimized production build|[Bb]uilding for production", re.MULTILINE)
STILL = 120.0  # seconds without a word
TAIL = 4096  # characters of what it said last


class Lingering:
    """What a build says, and whether it is over. ``stop``: whether the job is to end, ``on``: who hears it too."""

    def __init__(self, stop: Callable[[], bool], on: Callable[[bytes], None], *, still: float = STILL) -> None:
        self._stop, self._on, self._still = stop, on, still
        self._said, self._last, self._done = "", time.monotonic(), False
        self._ended = False

    def heard(self, piece: bytes) -> None:
        self._on(piece)
        self._last = time.monotonic()
        self._said = (self._said + piece.decode(errors="replace"))[-TAIL:]
        done, begun = (_last(one, self._said) for one in (DONE, BEGUN))
        if done != begun:  # else the tail has neither, and what was so stays so
            self._done = done > begun

    def asked(self) -> bool:
        """Whether it is to be ended, for either reason."""
        self._ended = self._ended or self.over
        return self._stop() or self._ended

    @property
    def over(self) -> bool:
        """Whether it only lingers, or did until it was ended, which it may have had a word for."""
        return self._ended or (self._done and time.monotonic() - self._last > self._still)


def _last(word: re.Pattern[str], said: str) -> int:
    """Where it was said the last time; -1 where it was not."""
    return max((found.start() for found in word.finditer(said)), default=-1)
