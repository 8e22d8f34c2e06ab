"""Which migrations a project's database says it has: asked as the project's own role, so that nothing is gained by one
that lies, within limits that no table can pass."""

from __future__ import annotations

import psycopg

from dz.seams.dbserver import Database

SECONDS = 3
MOST = 10_000
QUESTION = f"SELECT left(app::text, 300), left(name::text, 300) FROM django_migrations LIMIT {MOST}"  # noqa: S608
LIMITS = f"-c statement_timeout={SECONDS * 1000} -c default_transaction_read_only=on"


def applied_migrations(database: Database) -> frozenset[tuple[str, str]]:
    """App and name of each; none where the database can't be asked or keeps no such table."""
    try:
        with psycopg.connect(**database.parameters(), connect_timeout=SECONDS, options=LIMITS) as connection:
            return frozenset((str(app), str(name)) for app, name in connection.execute(QUESTION).fetchall())
    except psycopg.Error:
        return frozenset()
