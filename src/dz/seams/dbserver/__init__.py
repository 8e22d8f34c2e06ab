"""The projects' database server.

Contract. ``create`` makes role and database so that this role reaches its databases and no other, with limits; done
again it repairs what is missing and sets the password anew. A project may have several databases beside each other for
a time: ``names`` are all of its role. ``discard`` takes one away and leaves the role, ``drop`` takes all of them and
the role, connections included; done again both are harmless. ``dump`` gives a database's bytes away and returns the
rows of each table in the very snapshot that it gave; ``restore`` fills a new, empty database from such bytes and
returns the rows that are there then. ``size``: its bytes on the server's disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dz.log import Secret
from dz.names import InstanceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A project's database as its sites reach it; ``address`` is a socket folder (absolute) or an IP address."""

    server: InstanceId
    address: str
    port: int
    name: str
    role: str
    password: Secret

    def parameters(self) -> dict[str, Any]:
        """What psycopg connects with, as the project's own role."""
        return {
            "host": self.address,
            "port": self.port,
            "dbname": self.name,
            "user": self.role,
            "password": self.password.reveal(),
        }


class DatabaseServer(Protocol):
    def create(self, database: Database) -> None: ...

    def drop(self, database: Database) -> None: ...

    def discard(self, database: Database) -> None: ...

    def names(self, database: Database) -> frozenset[str]: ...

    def dump(
        self,
        database: Database,
        take: Callable[[bytes], None],
        *,
        deadline: float,
        cancelled: Callable[[], bool],
    ) -> Mapping[str, int]: ...

    def restore(
        self, database: Database, dump: Path, *, deadline: float, cancelled: Callable[[], bool]
    ) -> Mapping[str, int]: ...

    def size(self, database: Database) -> int: ...

    def exists(self, database: Database) -> bool: ...

    def version(self) -> str: ...
