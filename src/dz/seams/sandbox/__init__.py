"""The sandbox: the only way in which a project's code ever runs.

Contract. ``run`` executes one command of a project under the project's own identity with only the given files, the
given network and the given environment, ends every process it left behind, and returns its output as bytes.
``site`` gives the argv that a supervisor starts for a running site: with a port it binds and listens there outside and
hands the socket in as fd 3 (LISTEN_FDS=1); it ignores SIGTERM itself and becomes the sandbox. The environment, which
holds secrets, never appears in an argv. What the rung in force can't hold apart is in ``lacks`` in words for the user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Unpack

from dz.names import AppId
from dz.run import Finished, Streams


class Rung(StrEnum):
    """DESIGN 6's ladder, the highest first."""

    FULL = "full"
    USER = "user"
    UID = "uid"
    LIMITS = "limits"


class Network(StrEnum):
    """What a command may reach: nothing; the package indexes through the outbound proxy; what a site may."""

    NONE = "none"
    INDEX = "index"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes, processes and open files at most, per process where there is no cgroup. ``reserved``: address space that
    a command may have beside its memory, for a runtime that reserves some and never writes there; its data then has a
    limit of its own. Without ``reserved`` data has none (RLIMIT_DATA), since a hard one cannot be raised and projects'
    settings do call ``setrlimit`` with infinity: the limit of the address space bounds them all the same."""

    memory: int = 1536 * 1024 * 1024
    reserved: int = 0
    processes: int = 256
    files: int = 4096
    file_size: int = 4 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One command to run inside. Paths are the same inside and outside, on every rung.

    ``app_id`` None: nobody's code (the inspector), under a uid of its own. ``kill_id`` names the kill domain: the next
    attempt first kills what carries it. ``writable`` folders must already belong to the project (``own``).
    """

    argv: tuple[str, ...]
    app_id: AppId | None
    cwd: Path
    read: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    network: Network = Network.NONE
    limits: Limits = Limits()
    kill_id: str = ""


class Sandbox(Protocol):
    @property
    def rung(self) -> Rung: ...

    @property
    def lacks(self) -> str:
        """ "" or one sentence for the user."""

    def run(self, box: Box, *, deadline: float, **streams: Unpack[Streams]) -> Finished:
        """Run to the end, ``deadline`` seconds at most. Raises what ``dz.run.run`` raises."""

    def site(self, box: Box, *, address: str, port: int | None, spec: Path) -> Sequence[str]:
        """Write the start spec (0600, holds the environment) to ``spec`` and return the supervisor's argv."""

    def own(self, folder: Path, app_id: AppId) -> None:
        """Make ``folder`` (ours, without links followed) and all in it the project's, closed to others."""

    def uid(self, app_id: AppId) -> int | None:
        """The project's Unix uid where it has one of its own."""

    def starts(self, program: Path) -> bool:
        """Whether a project's command can start this program of the host: it may lie below a folder closed to it."""

    def kill(self, kill_id: str) -> None:
        """SIGKILL to whatever still carries that kill id, or one below it (ids are paths), on this host; harmless when
        there is nothing."""
