"""Which migrations a project's database says it has: asked as the project's own role, so that nothing is gained by one
that lies, within limits that no table can pass."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from dz.seams.dbserver import Database

SECONDS = 3.0
MOST = 10_000
QUESTION = f"SELECT left(app::text, 300), left(name::text, 300) FROM django_migrations LIMIT {MOST}"  # noqa: S608


def applied_migrations(database: Database, *, seconds: float = SECONDS) -> frozenset[tuple[str, str]]:
    """App and name of each; none where the database can't be asked or keeps no such table."""
    limits = f"-c statement_timeout={int(seconds * 1000)} -c default_transaction_read_only=on"
    try:
        with (
            psycopg.connect(**database.parameters(), connect_timeout=int(SECONDS), options=limits) as connection,
            _cut_after(2 * seconds, connection.fileno()),
        ):
            return frozenset((str(app), str(name)) for app, name in connection.execute(QUESTION).fetchall())
    except psycopg.Error:
        return frozenset()


@contextmanager
def _cut_after(seconds: float, descriptor: int) -> Iterator[None]:
    """The table may be a view whose function goes on when its statement is cancelled: then nobody listens any more."""

    def cut() -> None:
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
