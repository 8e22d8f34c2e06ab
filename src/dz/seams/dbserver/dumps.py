"""Dumps of a project's database, and databases made from them: PostgreSQL's own tools, and rows counted beside.

Everything runs as the project's own role: what a hostile database makes a tool do is done with no right but that
role's. The rows are counted in the very snapshot that is dumped, so a restored database can be held to them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from dz.errors import PlatformError, Transient, UserError
from dz.run import Finished, run
from dz.seams.dbserver import Database
from dz.seams.dbserver.away import was_away
from dz.words import listing

CONNECT_TIMEOUT = 10
LOCK_WAIT = "60s"  # for a table that somebody alters
SAID = 4000  # bytes of what a tool says that are kept
# Ordinary tables of the project's own: partitions count where their rows are.
TABLES = """
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%'
       AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""
# A policy holds for the owner himself; the dump is made as him, and one without the hidden rows would be a lie.
FORCED = """
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relrowsecurity AND c.relforcerowsecurity ORDER BY 1
"""
BEGUN = "SELECT FROM pg_catalog.pg_class WHERE oid >= 16384"  # what initdb made has smaller numbers
SCARCE = ("No space left on device", "Disk quota exceeded", "out of memory", "out of shared memory")  # of the host
LARGE_OBJECTS = "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata"

Connection = psycopg.Connection[tuple[Any, ...]]


def dump(
    bin: Path, database: Database, take: Callable[[bytes], None], *, deadline: float, cancelled: Callable[[], bool]
) -> dict[str, int]:
    """Give the dump to ``take`` in pieces and return the rows of each table. Raises Transient if the server refuses,
    UserError for tables whose rows are hidden from their own owner: to see them all takes a role that may bypass row
    security everywhere, which only a superuser can make (before PostgreSQL 16), and no project's code may come near."""
    with connected(database) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if forced := [str(row[0]) for row in connection.execute(FORCED).fetchall()]:
            raise UserError("data.row-security", tables=listing(forced), table=forced[0])
        snapshot = str(connection.execute("SELECT pg_catalog.pg_export_snapshot()").fetchall()[0][0])
        rows = counted(connection)
        words = ["--format=custom", "--compress=1", f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_WAIT}"]
        _tool(bin / "pg_dump", database, words, deadline=deadline, cancelled=cancelled, take=take)
    return rows


def restore(
    bin: Path, database: Database, dump: Path, *, deadline: float, cancelled: Callable[[], bool]
) -> dict[str, int]:
    """Fill a new, empty database and return the rows of each table. Raises PlatformError for a dump that is not whole,
    or that a server which was there all the time begins to take and refuses: so it does each time. Transient for all
    other trouble: the server's own says nothing about the dump.

    Whose the objects are and who may use them is not taken from the dump: they are the role's that restores.
    """
    words, began = ["--no-owner", "--no-privileges", "--exit-on-error", str(dump)], time.monotonic()
    try:
        _tool(bin / "pg_restore", database, words, deadline=deadline, cancelled=cancelled)
    except Transient as error:
        _read_through(bin, dump, deadline=deadline, cancelled=cancelled)
        lacks = any(word in error.detail for word in SCARCE)
        if not lacks and _was_begun(database) and not was_away(database, time.monotonic() - began + 1):
            raise PlatformError(error.detail, id="data.does-not-restore") from error
        raise
    with connected(database) as connection:
        connection.execute("ANALYZE")
        return counted(connection)


def _read_through(bin: Path, dump: Path, *, deadline: float, cancelled: Callable[[], bool]) -> None:
    """Raises PlatformError if the dump can't be read to its end, without any server."""
    finished = run(
        [str(bin / "pg_restore"), "--file=/dev/null", str(dump)], deadline=deadline, cancelled=cancelled, keep=SAID
    )
    if not finished.ok:
        raise PlatformError(f"pg_restore: {finished.text.strip()}", id="data.damaged")


def _was_begun(database: Database) -> bool:
    """Whether anything of a dump is in a database that was empty: who came no further than its door has not begun."""
    with connected(database) as connection:
        return connection.execute(BEGUN).fetchone() is not None


def counted(connection: Connection) -> dict[str, int]:
    """``schema.table`` → rows."""
    found = {}
    for schema, table in connection.execute(TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, table))
        found[f"{schema}.{table}"] = int(connection.execute(query).fetchall()[0][0])
    if large := int(connection.execute(LARGE_OBJECTS).fetchall()[0][0]):
        found["large objects"] = large
    return found


@contextmanager
def connected(database: Database) -> Iterator[Connection]:
    """As the project's role, without its time limits and its search path."""
    try:
        with psycopg.connect(
            **database.parameters(),
            connect_timeout=CONNECT_TIMEOUT,
            autocommit=True,
            application_name="dz-backup",
        ) as connection:
            for name, value in (("statement_timeout", "0"), ("idle_in_transaction_session_timeout", "0")):
                connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
            for name, value in (("lock_timeout", LOCK_WAIT), ("search_path", ""), ("row_security", "off")):
                connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
            yield connection
    except psycopg.OperationalError as error:
        raise Transient(f"database {database.name}: {str(error).strip()}") from error
    except psycopg.Error as error:
        raise PlatformError(f"database {database.name}: {str(error).strip()}") from error


@contextmanager
def password_file(database: Database) -> Iterator[int]:
    """A file for PGPASSFILE that is in memory alone, so that nothing is left of it however its reader ends."""
    text = database.password.reveal().replace("\\", "\\\\").replace(":", "\\:")
    fd = os.memfd_create("pgpass", 0)
    try:
        os.fchmod(fd, 0o600)  # libpq reads no other
        os.write(fd, f"*:*:*:*:{text}\n".encode())
        yield fd
    finally:
        os.close(fd)


def reach(database: Database) -> list[str]:
    """The words by which PostgreSQL's tools reach a database."""
    address = [f"--host={database.address}", f"--port={database.port}", "--no-password"]
    return [*address, f"--username={database.role}", f"--dbname={database.name}"]


def _tool(
    program: Path,
    database: Database,
    words: list[str],
    *,
    deadline: float,
    cancelled: Callable[[], bool],
    take: Callable[[bytes], None] | None = None,
) -> Finished:
    said = bytearray()
    with password_file(database) as fd:
        finished = run(
            [program, *reach(database), *words],
            deadline=deadline,
            env=tool_environment(fd),
            pass_fds=(fd,),
            on_output=take,
            cancelled=cancelled,
            keep=0,
            stderr_to=lambda piece: said.extend(piece[: max(0, SAID - len(said))]),
        )
    if not finished.ok:
        detail = f"{program.name}: {said.decode(errors='replace').strip()}"
        raise Transient(detail, id="data.dump-failed" if take else "data.restore-failed")
    return finished


def tool_environment(fd: int) -> Mapping[str, str]:
    return {"PGPASSFILE": f"/proc/self/fd/{fd}", "PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT), "PGAPPNAME": "dz-backup"}
