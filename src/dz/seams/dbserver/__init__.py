"""The projects' database server.

Contract. ``create`` makes role and database so that this role reaches this database and no other, with limits; done
again it repairs what is missing and sets the password anew. ``drop`` takes both away, connections included; done again
it is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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


class DatabaseServer(Protocol):
    def create(self, database: Database) -> None: ...

    def drop(self, database: Database) -> None: ...

    def exists(self, database: Database) -> bool: ...

    def version(self) -> str: ...
