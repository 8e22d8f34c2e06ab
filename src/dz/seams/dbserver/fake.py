"""A database server in memory that passes the same contract tests, as far as they need no connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from dz.errors import PlatformError
from dz.seams.dbserver import Database
from dz.seams.dbserver.postgres import named


class FakeDatabaseServer:
    def __init__(self) -> None:
        self.databases: dict[str, Database] = {}
        self.rows: dict[str, dict[str, int]] = {}  # of each database
        self.row_size = 100  # bytes

    def create(self, database: Database) -> None:
        named(database)
        self.databases[database.name] = database
        self.rows.setdefault(database.name, {})

    def drop(self, database: Database) -> None:
        named(database)
        for name in self.names(database):
            del self.databases[name], self.rows[name]

    def discard(self, database: Database) -> None:
        named(database)
        self.databases.pop(database.name, None)
        self.rows.pop(database.name, None)

    def names(self, database: Database) -> frozenset[str]:
        return frozenset(name for name, one in self.databases.items() if one.role == database.role)

    def dump(
        self,
        database: Database,
        take: Callable[[bytes], None],
        *,
        deadline: float,
        cancelled: Callable[[], bool],
    ) -> Mapping[str, int]:
        take(json.dumps(self.rows[database.name]).encode())
        return dict(self.rows[database.name])

    def restore(
        self, database: Database, dump: Path, *, deadline: float, cancelled: Callable[[], bool]
    ) -> Mapping[str, int]:
        try:
            self.rows[database.name] = json.loads(dump.read_text())
        except ValueError:
            raise PlatformError("the dump ends too early", id="data.damaged") from None
        return dict(self.rows[database.name])

    def size(self, database: Database) -> int:
        return sum(self.rows[database.name].values()) * self.row_size

    def exists(self, database: Database) -> bool:
        named(database)
        return database.name in self.databases

    def version(self) -> str:
        return "0 (in memory)"
