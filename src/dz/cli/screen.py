"""What is written where: stdout is the answer, stderr the talk; colour and width as each stream allows.

Colour only on a terminal, each stream for itself; off for NO_COLOR, TERM=dumb and ``--no-color``; FORCE_COLOR puts it
back. Nothing is said by colour alone: the signs say it too, in ASCII where the locale is not UTF-8.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from typing import TextIO

from dz.plain import coloured

COLOURS = {"good": "32", "bad": "31", "warn": "33", "quiet": "2", "strong": "1"}
UNCUT = 10_000  # columns of a pipe: whoever reads it gets everything
SIGNS = {
    "succeeded": ("✓", "ok", "good"),
    "failed": ("✗", "FAIL", "bad"),
    "errored": ("✗", "FAIL", "bad"),
    "running": ("●", "..", "strong"),
    "waiting": ("○", "-", "quiet"),
    "ready": ("○", "-", "quiet"),
    "cancelled": ("–", "-", "quiet"),
    "superseded": ("–", "-", "quiet"),
    "skipped": ("–", "-", "quiet"),
}


class Screen:
    """One invocation's output. ``live``: a terminal on both streams, on which a line may be written over.

    Whatever is written, only its words and colours reach the terminal: logs and errors quote projects.
    """

    def __init__(
        self,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
        colour: bool = True,
        width: int | None = None,
    ) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        given = os.environ if environ is None else environ
        dumb = given.get("TERM") == "dumb"
        allowed = colour and not dumb and not given.get("NO_COLOR")
        forced = colour and bool(given.get("FORCE_COLOR"))
        self._colour = {id(s): forced or (allowed and s.isatty()) for s in (self.out, self.err)}
        self.live = self.out.isatty() and self.err.isatty() and not dumb
        self.width = width or (shutil.get_terminal_size((80, 24)).columns if self.out.isatty() else UNCUT)
        self.unicode = (self.err.encoding or "").lower().replace("-", "") == "utf8"
        self._over = False

    def answer(self, text: str) -> None:
        """To stdout."""
        self._clear()
        self._write(self.out, coloured(text) + "\n")

    def say(self, text: str = "") -> None:
        """To stderr."""
        self._clear()
        self._write(self.err, coloured(text) + "\n")

    def over(self, text: str) -> None:
        """A line that the next one replaces; nothing where lines can't be written over."""
        if self.live:
            self._write(self.err, "\r\x1b[K" + coloured(text[: self.width - 1]))
            self._over = True

    def paint(self, text: str, how: str, *, out: bool = False) -> str:
        """``text`` in that colour, if the stream (stderr, or stdout with ``out``) shows any."""
        on = self._colour[id(self.out if out else self.err)]
        return f"\x1b[{COLOURS[how]}m{text}\x1b[0m" if on else text

    def sign(self, state: str, *, out: bool = False) -> str:
        sign, plain, how = SIGNS.get(state, ("?", "?", "quiet"))
        return self.paint(sign if self.unicode else plain.ljust(4), how, out=out)

    def _clear(self) -> None:
        if self._over:
            self._over = False
            self._write(self.err, "\r\x1b[K")

    @staticmethod
    def _write(stream: TextIO, text: str) -> None:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
