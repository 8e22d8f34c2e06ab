"""The supervisor: keeps programs running on one host.

Contract. Programs are named once and defined wholly by their Program value; ``start`` of the same value is a no-op, of
another value under the same name replaces it. ``stop`` sends TERM to the whole group, KILL after ``grace`` seconds, to
all that are named at once, and leaves nothing: the programs are unknown afterwards. All of it survives the supervisor's
own restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

BACKUPS = 2  # older files that are kept of a rotated log: FILE.1, FILE.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One supervised command; output is appended to ``log``, rotated at 5 MB, BACKUPS kept."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    log: Path
    grace: float = 35.0  # seconds between TERM and KILL
    start_again: bool = True
    settles: float = 1.0  # seconds; who dies before that is started again later and later, at last no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """``state`` in supervisor's words, lower case: running, starting, backoff, fatal, exited, stopped."""

    name: str
    state: str
    pid: int | None
    since: float | None  # seconds
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One time that a program ended by itself. ``at``: when, as text that sorts (this host's clock); ``how``: ``exit
    status`` in short, ``exit 1`` or ``killed by SIGKILL``."""

    name: str
    at: str
    how: str


class Supervisor(Protocol):
    def start(self, program: Program) -> None: ...

    def stop(self, *names: str) -> None: ...

    def status(self) -> dict[str, Status]: ...

    def ends(self) -> list[End]:
        """The latest ends, the oldest first, as far as they are remembered; not those that ``stop`` asked for."""
