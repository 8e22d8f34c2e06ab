"""Ships what the sites of this host write into zoomdb, from a thread of the appserver's worker.

The files that supervisord writes and rotates are the buffer: a line is taken once, whenever a worker runs again. What
is left out (more than RATE lines or RATE_BYTES a second, a file rotated away unread) is said in the log itself. The log
of a program that is over is read to its end and goes some minutes later; its lines stay in zoomdb.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from dz.errors import DzError
from dz.log import get_logger
from dz.names import AppId
from dz.plain import plain
from dz.settings import WorkerSettings
from dz.tasklib.appserver import spool
from dz.tasklib.appserver.levels import Levels
from dz.tasks.heartbeat import FIRST
from dz2 import sitelog
from dz2.hidden import LONGEST, Hidden, last_state

EVERY = 0.5  # seconds between two looks
RATE, RATE_BYTES = 2000, 1_000_000  # a second of a project; a log that nobody can read need not be kept whole
BURST, BURST_BYTES = sitelog.KEPT, sitelog.KEPT_BYTES  # at once: what gathered while no worker ran is told whole
HALF = 3.0  # seconds that half a line waits for its end
LONG_HALF = 16 * LONGEST  # bytes without an end of line that are no line
MOST_KEPT = 4 * LONGEST  # bytes that are kept of a line
SWEEP = 60.0  # seconds between two looks for logs that may go
OVER = 600.0  # seconds that a log stays after the last word of a program that is over

_PROGRAM = re.compile(r"(p[0-9]{8})-([0-9]+)-(.+)")  # as tasklib.records.Deployment names it

log = get_logger()


@dataclass(slots=True)
class Budget:
    """The lines and bytes that a project may still write: a second's more each second, a burst's at most."""

    at: float
    lines: float = BURST
    size: float = BURST_BYTES

    def left(self, now: float) -> int:
        self.lines = min(BURST, self.lines + (now - self.at) * RATE)
        self.size = min(BURST_BYTES, self.size + (now - self.at) * RATE_BYTES)
        self.at = now
        return int(self.lines)

    def fitting(self, lines: Sequence[bytes]) -> int:
        """How many of these may be written, which are written now."""
        count = 0
        while count < len(lines) and self.size > 0:
            self.size -= min(len(lines[count]), MOST_KEPT)
            count += 1
        self.lines -= count
        return count


@dataclass(slots=True)
class _Log:
    """What is known of one program's log between two looks."""

    source: sitelog.Source
    path: Path
    hidden: Hidden
    at: spool.Position | None
    levels: Levels = field(default_factory=Levels)
    seen: tuple[int, int] = (0, -1)  # inode and size when all of it was told
    half_since: float | None = None


class Shipper:
    """One host's logs. ``look`` ships what is new, and says whether there is more already."""

    def __init__(self, home: Path, host: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._home = home
        self._host = host
        self._clock = clock
        self._logs: dict[str, _Log | None] = {}  # None: nobody may know its lines
        self._budgets: dict[AppId, Budget] = {}
        self._swept = clock()

    def look(self) -> bool:
        found = {path.stem: path for path in self._home.glob("run/*/log/*.log") if _PROGRAM.fullmatch(path.stem)}
        more = [self._ship(name, path) for name, path in found.items()]
        if self._clock() - self._swept >= SWEEP:
            self._swept = self._clock()
            self._sweep(found)
        return any(more)

    def start_over(self) -> None:
        """After an error nothing that was known is trusted: zoomdb knows how far the files were told."""
        self._logs.clear()

    def _ship(self, name: str, path: Path) -> bool:
        """What is wrong with one log, or was told by another worker meanwhile, is no reason to leave out the others."""
        try:
            return self._ship_log(name, path)
        except FileNotFoundError:  # between two steps of a rotation
            return False
        except (OperationalError, InterfaceError):
            raise
        except (DatabaseError, OSError, DzError, sitelog.Moved) as error:
            log.warning("shipping.failed", file=name, error=f"{type(error).__name__}: {error}")
            self._logs.pop(name, None)
            return False

    def _ship_log(self, name: str, path: Path) -> bool:
        stat = path.stat()
        if name not in self._logs:
            self._logs[name] = self._log(name, path)
        one = self._logs[name]
        if one is None or (stat.st_ino, stat.st_size) == one.seen:
            return False
        piece = spool.read(path, one.at)
        if piece is None:
            return False
        if not piece.data and not piece.lost:
            one.seen = (stat.st_ino, stat.st_size)
            return False
        return self._tell(one, piece)

    def _log(self, name: str, path: Path) -> _Log | None:
        app_id, release, process = _parts(name)
        hidden = sitelog.secrets_of(app_id, release)  # nothing is told before it is known what to hide
        if hidden is None:
            return None
        source = sitelog.Source(app_id=app_id, release=release, process=process, host=self._host, file=name)
        return _Log(source, path, hidden, sitelog.position(source))

    def _tell(self, one: _Log, piece: spool.Piece) -> bool:
        consumed = self._complete(one, piece)
        if not consumed and not piece.lost:
            return False
        lines, left_out = self._lines(one, piece, consumed)
        after = piece.after(consumed)
        sitelog.add(one.source, lines, before=one.at, after=after)
        one.at, one.half_since = after, None
        if consumed == len(piece.data) and not piece.more:
            one.seen = (after.inode, after.offset)
        if left_out:
            log.warning("sitelog.left-out", file=one.source.file, lines=left_out)
        return piece.more

    def _complete(self, one: _Log, piece: spool.Piece) -> int:
        """The bytes up to the last end of a line, or all of them where it does not come."""
        end = piece.data.rfind(b"\n") + 1
        if end or not piece.data:
            return end
        now = self._clock()
        one.half_since = now if one.half_since is None else one.half_since
        waited = now - one.half_since >= HALF or len(piece.data) > LONG_HALF
        return len(piece.data) if waited else 0

    def _lines(self, one: _Log, piece: spool.Piece, consumed: int) -> tuple[list[sitelog.Line], int]:
        """The lines that the project may still write, what is said of those left out, and how many these are."""
        budget = self._budgets.setdefault(one.source.app_id, Budget(self._clock()))
        most = budget.left(self._clock())
        raw = piece.data[:consumed].removesuffix(b"\n")
        kept = raw.split(b"\n", most) if consumed else []
        rest = kept.pop() if len(kept) > most else None
        left_out = 0 if rest is None else rest.count(b"\n") + 1
        fitting = budget.fitting(kept)
        left_out += len(kept) - fitting
        at = datetime.fromtimestamp(piece.written, UTC)
        lines = [self._line(one, line, at) for line in kept[:fitting]]
        if piece.lost:
            lines.insert(0, _note(at, "lines are missing here: they were written faster than they could be read"))
        if left_out:
            lines.append(_note(at, f"{left_out:,} lines left out: more than {RATE:,}, or 1 MB, a second"))
        return lines, left_out

    def _line(self, one: _Log, raw: bytes, at: datetime) -> sitelog.Line:
        cut = raw if len(raw) <= LONG_HALF else raw[:LONG_HALF]
        text = last_state(cut.decode(errors="replace"))
        level = one.levels.of(plain(text[:LONGEST]))
        return sitelog.Line(at=at, level=level, text=one.hidden.clean(text))

    def _sweep(self, found: Mapping[str, Path]) -> None:
        """Logs of programs that are over go once they are told; what is known of files that are gone goes too."""
        gone = [name for name in sitelog.files(self._host) if name not in found and self._is_gone(name)]
        for name, path in found.items():
            if self._may_go(name, path):
                for file in spool.files_of(path):
                    file.unlink(missing_ok=True)
                gone.append(name)
        sitelog.forget(self._host, gone)
        self._logs = {name: one for name, one in self._logs.items() if one is not None and name not in gone}

    def _may_go(self, name: str, path: Path) -> bool:
        one, stat = self._logs.get(name), path.stat()
        told = one is None or one.seen == (stat.st_ino, stat.st_size)
        over = not (self._home / "sites" / f"{name}.conf").exists()  # the supervisor keeps no such program running
        return told and over and time.time() - stat.st_mtime > OVER

    def _is_gone(self, name: str) -> bool:
        """And not only for a moment, while it is rotated."""
        path = self._home / "run" / _parts(name)[0] / "log" / f"{name}.log"
        return not any(file.exists() for file in spool.files_of(path))


def _parts(name: str) -> tuple[AppId, int, str]:
    """Project, release and process of a program's name."""
    found = _PROGRAM.fullmatch(name)
    assert found is not None, "only files of programs are looked at"
    return AppId(found[1]), int(found[2]), found[3]


def _note(at: datetime, text: str) -> sitelog.Line:
    return sitelog.Line(at=at, text=text, level="warning")


class Shipping:
    """The thread: ``start`` once, which returns after the first look, as the heartbeat's does and for its reason;
    ``stop`` when the worker goes."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._shipper = Shipper(settings.home, settings.instance_id)
        self._looked = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._shipping, name="shipping", daemon=True).start()
        self._looked.wait(FIRST)

    def stop(self) -> None:
        self._over.set()

    def _shipping(self) -> None:
        while not self._over.is_set():
            more = False
            try:
                more = self._shipper.look()
            except (DatabaseError, InterfaceError, OSError) as error:
                log.warning("shipping.failed", error=f"{type(error).__name__}: {error}")
                self._shipper.start_over()
                connection.close()
            self._looked.set()
            self._over.wait(0 if more else EVERY)
        connection.close()
