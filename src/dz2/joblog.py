"""The log of a job as rows: what steps tell the user, in order and without gaps.

``Writer`` is one attempt's ``dz.tasklib.context.JobLog``. Lines wait at most FLUSH seconds or LINES lines, then go to
zoomdb in one statement that numbers them under the job's row; an attempt that lost its step writes nothing more. Lines
and jobs have caps, and what is left out is counted aloud. Known secrets read ``[NAME]``.
"""

from __future__ import annotations

import codecs
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from dz2 import engine
from dz2.channels import JOBLOG, notify
from dz2.hidden import LONGEST, Hidden, last_state
from dz2.models import JobLog, LogKind

FLUSH = 0.1
LINES = 200
MOST = 100_000  # lines of a job
RATE = 2000  # lines a second; a log that nobody can read need not be kept whole

# Under the job's row, so that numbers have no gaps; and only for who still holds the step.
_NUMBER = """
    UPDATE dz2_job SET next_seq = next_seq + %s
     WHERE id = %s AND EXISTS (SELECT 1 FROM dz2_jobstep WHERE id = %s AND attempt = %s AND state = 'running')
    RETURNING next_seq - %s
"""


@dataclass(slots=True)
class Line:
    at: datetime
    kind: str
    level: str
    part: str
    text: str
    seconds: float | None = None


class Writer:
    """Use as a context manager: leaving it writes what is left. Any thread may call it."""

    def __init__(self, claimed: engine.Claimed, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._claimed = claimed
        self._clock = clock
        self._lock = threading.RLock()
        self._lines: list[Line] = []
        self._hidden = Hidden()
        self._part = ""
        self._half = ""
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._window, self._in_window, self._left_out = clock(), 0, 0
        self._last_flush = clock()
        self._full = False

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._end_half()
            self._tell_left_out()
            self.flush()

    def note(self, text: str, *, level: str = "info") -> None:
        with self._lock:
            self._end_half()
            for line in text.splitlines():
                self._add(LogKind.NOTE, line, level)

    def output(self, piece: bytes) -> None:
        with self._lock:
            *lines, self._half = (self._half + self._decode.decode(piece)).split("\n")
            for line in lines:
                self._line(line)
            if len(self._half) > 16 * LONGEST:  # a progress bar or a file without an end of line
                self._half = self._half.rpartition("\r")[2][-LONGEST:]
            self.flush_if_due()

    def begin(self, part: str) -> None:
        with self._lock:
            self._end_half()
            self._part = self._hidden.clean(part)[:200]
            self._add(LogKind.PART_BEGIN, part)

    def end(self, part: str, seconds: float, *, ok: bool) -> None:
        with self._lock:
            self._end_half()
            self._add(LogKind.PART_END, part, "info" if ok else "error", seconds)
            self._part = ""
            self.flush()

    def hide(self, name: str, secret: str) -> None:
        with self._lock:
            self._hidden.add(name, secret)

    def title(self, text: str) -> None:
        engine.retitle(self._claimed, self._hidden.clean(text))

    def flush_if_due(self) -> None:
        """Called by whoever waits, so that a quiet command's last line is seen too."""
        with self._lock:
            if self._lines and (len(self._lines) >= LINES or self._clock() - self._last_flush >= FLUSH):
                self.flush()

    def flush(self) -> None:
        with self._lock:
            self._last_flush = self._clock()
            if not self._lines or self._full:
                self._lines.clear()
                return
            try:
                self._full = not _write(self._claimed, self._lines)
            except (OperationalError, InterfaceError):
                # zoomdb restarts: the lines wait, and if that takes long the step loses its lease anyway
                connection.close()
                del self._lines[: -50 * LINES]
            else:
                self._lines.clear()

    def _line(self, raw: str) -> None:
        now = self._clock()
        if now - self._window >= 1:
            self._tell_left_out()
            self._window, self._in_window = now, 0
        self._in_window += 1
        if self._in_window > RATE:
            self._left_out += 1
        else:
            self._add(LogKind.LINE, last_state(raw))

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._add(LogKind.NOTE, f"{self._left_out} lines left out: faster than {RATE} a second", "warning")
            self._left_out = 0

    def _end_half(self) -> None:
        half, self._half = self._half + self._decode.decode(b"", final=True), ""
        self._decode.reset()
        if half:
            self._line(half)

    def _add(self, kind: str, text: str, level: str = "info", seconds: float | None = None) -> None:
        self._lines.append(Line(datetime.now(UTC), kind, level, self._part, self._hidden.clean(text), seconds))
        self.flush_if_due()


def _write(claimed: engine.Claimed, lines: list[Line]) -> bool:
    """Number and insert; False once the job's log is full."""
    with transaction.atomic():
        first = _numbers(claimed, len(lines))
        if first is None:
            return True  # the step is somebody else's: nothing to say, and it will learn that by its renewal
        kept = lines[: max(0, MOST + 1 - first)]
        if len(kept) < len(lines):
            _give_back(claimed, len(lines) - len(kept))
            kept[-1:] = [_the_end(line) for line in kept[-1:]]
        JobLog.objects.bulk_create(_row(claimed, first + i, line) for i, line in enumerate(kept))
        notify(JOBLOG, claimed.job_id)
        return len(kept) == len(lines)


def _the_end(line: Line) -> Line:
    text = f"the log ends here: {MOST} lines are the most that is kept"
    return Line(line.at, LogKind.NOTE, "warning", "", text)


def _numbers(claimed: engine.Claimed, count: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [count, claimed.job_id, claimed.step_id, claimed.attempt, count])
        row: Any = cursor.fetchone()
    return int(row[0]) if row else None


def _give_back(claimed: engine.Claimed, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE dz2_job SET next_seq = next_seq - %s WHERE id = %s", [count, claimed.job_id])


def _row(claimed: engine.Claimed, seq: int, line: Line) -> JobLog:
    return JobLog(
        job_id=claimed.job_id,
        seq=seq,
        at=line.at,
        step=claimed.step,
        level=line.level,
        kind=line.kind,
        part=line.part[:200],
        seconds=line.seconds,
        text=line.text,
    )
