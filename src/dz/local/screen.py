"""What these commands print: marks that do without colour and UTF-8 where need be; sizes and times in words.

Commands are shown as they can be typed here. On a terminal a stage at work shows its seconds; a pipe gets whole lines.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dz.plain import plain
from dz.typed import typed

LATIN = {"✓": "ok", "✗": "FAIL", "·": "-", "●": ".."}
TICK = 0.2


class Running:
    """A stage at work. ``detail``: what it does just now."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


class Screen:
    """The talk goes to stderr, the answer (``print``) to stdout."""

    @contextmanager
    def running(self, title: str) -> Iterator[Running]:
        """While it lasts a terminal shows the stage; nothing of that stays."""
        stage, over = Running(title), threading.Event()
        ticking = threading.Thread(target=self._tick, args=(stage, over), daemon=True)
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            ticking.start()
        try:
            yield stage
        finally:
            over.set()
            if ticking.ident is not None:
                ticking.join()

    def _tick(self, stage: Running, over: threading.Event) -> None:
        while not over.wait(TICK):
            width = shutil.get_terminal_size().columns - 1
            line = _fit(f" ● {stage.title:24} {stage.seconds:5.0f} s   {plain(stage.detail)}".rstrip())
            print(f"\r\x1b[K{line[:width]}", end="", file=sys.stderr, flush=True)
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def step(self, title: str, seconds: float, detail: str) -> None:
        self._say(f" ✓ {title:24} {seconds:5.1f} s   {detail}".rstrip())

    def failed(self, title: str, seconds: float) -> None:
        self._say(f" ✗ {title:24} {seconds:5.1f} s")

    def note(self, text: str) -> None:
        self._say(f"   {typed(text)}")

    def check(self, name: str, ok: bool, detail: str, mend: str) -> None:
        self._say(f" {'✓' if ok else '✗'} {name:10} {typed(detail)}")
        if mend:
            self._say(f"   {'Next':10} {typed(mend)}")

    def _say(self, text: str) -> None:
        print(_fit(text), file=sys.stderr, flush=True)


def _fit(text: str) -> str:
    """What the terminal's encoding can show."""
    if "utf" not in (sys.stderr.encoding or "").lower():
        for mark, latin in LATIN.items():
            text = text.replace(mark, latin)
    return text


def since(seconds: float) -> str:
    """``2 h 14 min``, ``41 s``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
