"""Where the embedded platform keeps its things: one folder (DZ_HOME) and one short folder for sockets.

Every service has a folder of its own as working directory: that is how what it left behind is known (``begin``).
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from dz.errors import UserError
from dz.source import STAMP

_PLAIN = re.compile(r"(/[\w.@+-]+)+")


def default_home() -> Path:
    """DZ_HOME; else /var/lib/djangozoom for root, the user's data folder for others."""
    given = os.environ.get("DZ_HOME")
    if given:
        return Path(given).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/djangozoom")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "djangozoom"


@dataclass(frozen=True, slots=True)
class Layout:
    """All paths of one platform. Raises UserError for a home that the servers' files could misread."""

    home: Path

    def __post_init__(self) -> None:
        if _PLAIN.fullmatch(str(self.home)) is None:
            raise UserError("local.home", home=self.home)

    @property
    def sockets(self) -> Path:
        """Short, because a unix socket's path ends at 107 bytes, and the same at every start."""
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:8]
        return Path("/tmp") / f"dz-{os.geteuid()}-{digest}"

    @property
    def core_sockets(self) -> Path:
        """zoomdb, broker and panel: for the platform's own users."""
        return self.sockets / "core"

    @property
    def postgres_sockets(self) -> Path:
        """The projects' PostgreSQL: for everybody, each with a password."""
        return self.sockets / "pg"

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor"

    @property
    def panel_socket(self) -> Path:
        return self.core_sockets / "panel"

    @property
    def push_socket(self) -> Path:
        """In a folder of its user's, who reaches no other socket."""
        return self.sockets / "push" / "http"

    @property
    def push_folder(self) -> Path:
        """The repositories that are pushed to; in the service's own folder, where what it left behind is known."""
        return self.folder("push") / "repositories"

    @property
    def broker_socket(self) -> Path:
        return self.core_sockets / "broker"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def specs(self) -> Path:
        """How each service is started: environment and command, 0600, its user's."""
        return self.home / "services"

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def programs(self) -> Path:
        """supervisord's include files: services and sites."""
        return self.home / "sites"

    @property
    def runtime(self) -> Path:
        """What users other than root run, copied where they reach it."""
        return self.home / "runtime"

    @property
    def store(self) -> Path:
        return self.home / "store"

    @property
    def backups(self) -> Path:
        """Dumps of the projects' databases and their volumes: each kind is one user's to write, the panel's to read."""
        return self.home / "backups"

    @property
    def token(self) -> Path:
        return self.home / "token"

    @property
    def client(self) -> Path:
        """What the command line reads: the panel's socket and URL."""
        return self.home / "client.json"

    @property
    def state(self) -> Path:
        return self.home / "state.json"

    @property
    def panel_static(self) -> Path:
        return self.home / "panel-static"

    @property
    def proxy_home(self) -> Path:
        """DZ_HOME of the proxy worker, whose user writes there."""
        return self.home / "proxy"

    @property
    def database_home(self) -> Path:
        """DZ_HOME of the database worker."""
        return self.home / "database"

    def folder(self, service: str) -> Path:
        """A service's own folder and working directory."""
        return self.home / "work" / service

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    @property
    def stamp(self) -> Path:
        """What zoomdb was last migrated for."""
        return self.home / STAMP
