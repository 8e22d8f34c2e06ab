"""A command's standard streams, led over a line to whoever typed it: a terminal of its own, or three pipes.

Promises: bytes go unchanged and in order; a typist who reads slowly slows the command down; input that the command does
not take holds up neither its output nor a signal. Once the typist is gone the command is interrupted, and has GRACE
seconds to end; then it counts as cancelled.
"""

from __future__ import annotations

import fcntl
import os
import pty
import queue
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from dz.errors import Cancelled, UserError
from dz.run import Finished, Stdio
from dz.terminal import PIECE, STDERR, STDIN, STDOUT, Gone, Line

GRACE = 2.0
MET = 30.0  # seconds for the typist to come
TICK = 0.5
UNWRITTEN = 256  # pieces of output that wait for the job's log
_TIOCSIG = 0x40045436  # on a terminal's master: a signal to whatever is in its foreground


class Attached:
    """For one command. ``log`` is given its output too, by the thread that runs it: each that writes to zoomdb takes a
    connection there. ``size``: rows and columns of its terminal, None for pipes; ``stop``: whether it was cancelled."""

    def __init__(
        self, line: Line, *, log: Callable[[bytes], None], size: tuple[int, int] | None, stop: Callable[[], bool]
    ) -> None:
        self._line = line
        self._log = log
        self._size = size
        self._stop = stop
        self._group = 0
        self._early = False  # interrupted before that was known
        self._master = -1
        self._holding = threading.Lock()  # of the master, which is closed while others may use it
        self._typed: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()  # bounded by the line's window
        self._wrote: queue.Queue[bytes] = queue.Queue(maxsize=UNWRITTEN)  # full, it slows the command down
        self._over = threading.Event()
        self._left_at: float | None = None

    def run(self, command: Callable[[Stdio], Finished]) -> Finished:
        """Run ``command`` with the streams it is given. Raises what that raises, and ``run.nobody``."""
        self._await_typist()
        inside, into, out_of = self._streams()
        readers = [self._begin(self._reading, fd, stream) for fd, stream in out_of]
        self._begin(self._writing, into)
        self._begin(self._listening)
        try:
            finished = command(Stdio(streams=inside, started=self._started))
            self._group = 0
            self._until_taken(readers)
            return finished
        finally:
            self._end(readers)

    def over(self) -> bool:
        """Whether the command is to be killed: cancelled, or the typist is gone for so long. Asked while it runs."""
        self._log_on()
        return self._stop() or (self._left_at is not None and time.monotonic() - self._left_at > GRACE)

    @property
    def abandoned(self) -> bool:
        return self._left_at is not None

    def ended(self, code: int) -> None:
        """The last word."""
        with suppress(Gone):
            self._line.tell(exit=code)
        self._line.close()

    def _await_typist(self) -> None:
        end = time.monotonic() + MET
        try:
            while time.monotonic() < end:
                if self._stop():
                    self._line.close()
                    raise Cancelled("the job was cancelled")
                heard = self._line.hear(TICK)
                if isinstance(heard, dict) and heard.get("met"):
                    return
        except Gone:
            pass
        self._line.close()
        raise UserError("run.nobody", seconds=round(MET))

    def _streams(self) -> tuple[tuple[int, int, int], int, list[tuple[int, int]]]:
        """The command's ends; where input goes; where output comes from, each with its stream."""
        if self._size is not None:
            self._master, theirs = pty.openpty()
            _resize(self._master, self._size)
            return (theirs, theirs, theirs), self._master, [(self._master, STDOUT)]
        (stdin, into), (out, stdout), (err, stderr) = os.pipe(), os.pipe(), os.pipe()
        return (stdin, stdout, stderr), into, [(out, STDOUT), (err, STDERR)]

    def _begin(self, work: Callable[..., None], *given: int) -> threading.Thread:
        thread = threading.Thread(target=work, args=given, name=work.__name__, daemon=True)
        thread.start()
        return thread

    def _started(self, group: int) -> None:
        with self._holding:
            self._group = group
        if self._early:
            self._interrupt()

    def _end(self, readers: list[threading.Thread]) -> None:
        self._over.set()
        self._typed.put(None)
        if self._stop() or self._left_at is not None:
            self._line.close()  # whoever waits for it to take output goes on
        for reader in readers:
            reader.join(TICK)
        self._log_on()
        with self._holding:
            if self._master >= 0:
                os.close(self._master)
            self._master, self._group = -1, 0

    def _log_on(self) -> None:
        with suppress(queue.Empty):
            for _ in range(UNWRITTEN):  # no more: whoever calls has to look at other things too
                self._log(self._wrote.get_nowait())

    def _until_taken(self, readers: list[threading.Thread]) -> None:
        """All output is with the typist, who may be paging through it, or nobody wants it any more."""
        for reader in readers:
            while reader.is_alive() and not self._stop() and self._left_at is None:
                reader.join(TICK)
                self._log_on()

    def _reading(self, fd: int, stream: int) -> None:
        """Until the command's end of it is closed; a terminal tells that by an error."""
        with suppress(OSError):
            while piece := os.read(fd, PIECE):
                self._wrote.put(piece)
                with suppress(Gone):
                    self._line.send(stream, piece)
        if self._size is None:
            os.close(fd)

    def _writing(self, fd: int) -> None:
        while (piece := self._typed.get()) is not None:
            taken = len(piece)
            with suppress(OSError):  # the command has closed its input: what is typed goes nowhere
                while piece:
                    piece = piece[os.write(fd, piece) :]
            with suppress(Gone):
                self._line.tell(took=taken)
        if self._size is None:
            os.close(fd)

    def _listening(self) -> None:
        try:
            while not self._over.is_set():
                heard = self._line.hear(TICK)
                if isinstance(heard, tuple):
                    if heard[0] == STDIN:
                        self._typed.put(heard[1])
                elif heard is not None:
                    self._obey(heard)
        except Gone:
            if not self._over.is_set():
                self._hang_up()

    def _obey(self, told: dict[str, object]) -> None:
        if told.get("end") and self._size is None:
            self._typed.put(None)
        size = told.get("size")
        if isinstance(size, list) and len(size) == 2 and all(isinstance(one, int) for one in size):
            with self._holding, suppress(OSError):
                _resize(self._master, (size[0], size[1]))
        if told.get("signal") == "INT":
            self._interrupt()

    def _hang_up(self) -> None:
        self._left_at = time.monotonic()
        self._typed.put(None)
        self._interrupt()

    def _interrupt(self) -> None:
        """Ctrl-C: to the terminal's foreground; without one to the group, of which the sandbox itself ignores it."""
        with self._holding, suppress(OSError):
            if self._master >= 0:
                fcntl.ioctl(self._master, _TIOCSIG, signal.SIGINT)
            elif self._size is None and self._group:
                os.killpg(self._group, signal.SIGINT)
            else:
                self._early = True


def _resize(fd: int, size: tuple[int, int]) -> None:
    """Who reads that terminal learns it by SIGWINCH."""
    rows, columns = (max(1, min(one, 1000)) for one in size)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
