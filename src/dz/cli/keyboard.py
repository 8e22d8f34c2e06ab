"""What is typed here, led to a command elsewhere: bytes of standard input, Ctrl-C, the size of the window.

On a terminal every key goes as it is, Ctrl-C among them, and the terminal is given back as it was, whatever ends this.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from typing import Any

from dz.terminal import PIECE, STDIN, Gone, Line

INTERRUPTED, RESIZED, OVER = b"i", b"r", b"o"
TICK = 0.1  # how often it is looked again while the other side takes no more


class Keyboard:
    """``given``: the whole input, instead of what is typed."""

    def __init__(self, *, terminal: bool, given: bytes | None = None) -> None:
        self.terminal = terminal
        self._given = given
        self._woken, self._wake = os.pipe()

    def size(self) -> tuple[int, int]:
        columns, rows = shutil.get_terminal_size((80, 24))
        return max(1, min(rows, 1000)), max(1, min(columns, 1000))

    @contextlib.contextmanager
    def at(self, line: Line) -> Iterator[None]:
        """While this lasts what is typed goes to ``line``. Asked to end, it raises SystemExit."""
        with self._signals(), self._raw():
            worker = threading.Thread(target=self._lead, args=(line,), daemon=True)
            worker.start()
            try:
                yield
            finally:
                os.write(self._wake, OVER)
                worker.join(2)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """A handler only writes a byte: it may come while anything else is half done."""
        wanted: dict[int, Any] = {
            signal.SIGINT: lambda *_: os.write(self._wake, INTERRUPTED),
            signal.SIGWINCH: lambda *_: os.write(self._wake, RESIZED),
            signal.SIGTERM: lambda sign, _: sys.exit(128 + sign),
            signal.SIGHUP: lambda sign, _: sys.exit(128 + sign),
        }
        before = {sign: signal.signal(sign, handler) for sign, handler in wanted.items()}
        try:
            yield
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)

    @contextlib.contextmanager
    def _raw(self) -> Iterator[None]:
        if not self.terminal:
            yield
            return
        before = termios.tcgetattr(0)
        tty.setraw(0)
        try:
            yield
        finally:
            termios.tcsetattr(0, termios.TCSADRAIN, before)

    def _lead(self, line: Line) -> None:
        with contextlib.suppress(Gone):
            if self.terminal:
                line.tell(size=self.size())
            open_ = self._give(line)
            while True:
                ready = self._ready(stdin=open_ and line.room(), patient=not open_ or line.room())
                if self._woken in ready and not self._obey(line):
                    return
                if 0 in ready:
                    open_ = self._read(line)

    def _ready(self, *, stdin: bool, patient: bool) -> list[int]:
        found, _, _ = select.select([self._woken, *([0] if stdin else [])], [], [], None if patient else TICK)
        return found

    def _obey(self, line: Line) -> bool:
        """False when it is over."""
        for word in os.read(self._woken, 100):
            if word == OVER[0]:
                return False
            if word == INTERRUPTED[0]:
                line.tell(signal="INT")
            elif self.terminal:
                line.tell(size=self.size())
        return True

    def _give(self, line: Line) -> bool:
        """Whether standard input is still to be read."""
        if self._given is None:
            return True
        line.send(STDIN, self._given)
        line.tell(end=True)
        return False

    def _read(self, line: Line) -> bool:
        try:
            piece = os.read(0, PIECE)
        except OSError:
            piece = b""
        if piece:
            line.send(STDIN, piece)
        else:
            line.tell(end=True)
        return bool(piece)
