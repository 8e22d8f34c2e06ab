"""Whose fault a project's failure is when its database server was away: the platform's, so it is tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from dz.errors import Transient, UserError
from dz.seams.dbserver import Database

SECONDS = 3
RECOVERS = 10.0  # seconds after its start in which a server that was killed may still refuse who comes
YOUNG = "SELECT clock_timestamp() - pg_postmaster_start_time() < make_interval(secs => %s)"


@contextmanager
def excused(database: Database, *, recovers: float = RECOVERS) -> Iterator[None]:
    """A UserError inside becomes Transient if the server of ``database`` was away meanwhile."""
    began = time.monotonic()
    try:
        yield
    except UserError as error:
        if was_away(database, time.monotonic() - began + recovers):
            raise Transient(f"the projects' database server was away: {error.brief}") from error
        raise


def was_away(database: Database, seconds: float) -> bool:
    """Whether its server takes no connections, or has started within the last ``seconds`` by its own clock."""
    given = database.parameters() | {"connect_timeout": SECONDS}
    if PGconn.ping(make_conninfo(**given).encode()) != Ping.OK:
        return True
    try:
        with psycopg.connect(**given, options=f"-c statement_timeout={SECONDS * 1000}") as connection:
            return connection.execute(YOUNG, [seconds]).fetchone() == (True,)
    except psycopg.Error:  # it is there, and refuses this project: of its connections it has a limited number
        return False
