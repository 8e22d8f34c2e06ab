"""A database server in memory that passes the same contract tests, as far as they need no connection."""

from __future__ import annotations

from dz.seams.dbserver import Database
from dz.seams.dbserver.postgres import named


class FakeDatabaseServer:
    def __init__(self) -> None:
        self.databases: dict[str, Database] = {}

    def create(self, database: Database) -> None:
        named(database)
        self.databases[database.name] = database

    def drop(self, database: Database) -> None:
        named(database)
        self.databases.pop(database.name, None)

    def exists(self, database: Database) -> bool:
        named(database)
        return database.name in self.databases

    def version(self) -> str:
        return "0 (in memory)"
