"""PostgreSQL as the projects' database server.

Every project has a role and a database of its own, which no other project's role may connect to. The platform works as
the *provisioner*, a role with CREATEROLE and CREATEDB that is no superuser; the few things that need one are done once
by ``prepare``. Passwords are sent as SCRAM verifiers, so that no server log ever holds one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from dz.errors import PlatformError, Transient
from dz.log import Secret
from dz.seams.dbserver import Database, dumps

CONNECTIONS = 20  # of one project at a time
CONNECT_TIMEOUT = 10
STATEMENT_TIMEOUT = "300s"  # a default that a migration may raise for itself
IDLE_TIMEOUT = "600s"
TEMP_FILES = "2GB"
SIZE = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"
_NAME = re.compile(r"p[0-9]{8}(_[a-z0-9_]{1,40})?")

Connection = psycopg.Connection[tuple[object, ...]]


class Postgres:
    """One server; ``admin_url`` is the provisioner's, ``bin`` has PostgreSQL's own tools."""

    def __init__(self, admin_url: Secret, bin: Path = Path()) -> None:
        self._url = admin_url
        self._bin = bin

    def create(self, database: Database) -> None:
        """See the contract. Nobody else can connect at any moment: the database opens after it is closed to others."""
        name, role = named(database)
        with _connected(self._url) as connection:
            _role(connection, role, database)
            found = _one(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database.name)
            if not found:
                # template0: it takes no connections, so nothing can hold it up
                _do(
                    connection,
                    "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0 ALLOW_CONNECTIONS false",
                    name,
                    role,
                )
            _do(connection, "ALTER DATABASE {} OWNER TO {}", name, role)
            _do(connection, "REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC", name)
            _do(connection, "ALTER DATABASE {} ALLOW_CONNECTIONS true", name)

    def drop(self, database: Database) -> None:
        """See the contract. The role loses its log-in first, so that no site comes back in between."""
        _, role = named(database)
        with _connected(self._url) as connection:
            if _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", database.role):
                _do(connection, "ALTER ROLE {} NOLOGIN", role)
            for one in sorted({database.name, *_owned(connection, database)}):
                _drop(connection, sql.Identifier(one))
            _do(connection, "DROP ROLE IF EXISTS {}", role)

    def discard(self, database: Database) -> None:
        name, _ = named(database)
        with _connected(self._url) as connection:
            _drop(connection, name)

    def names(self, database: Database) -> frozenset[str]:
        named(database)
        with _connected(self._url) as connection:
            return _owned(connection, database)

    def dump(
        self,
        database: Database,
        take: Callable[[bytes], None],
        *,
        deadline: float,
        cancelled: Callable[[], bool],
    ) -> Mapping[str, int]:
        named(database)
        return dumps.dump(self._bin, database, take, deadline=deadline, cancelled=cancelled)

    def restore(
        self, database: Database, dump: Path, *, deadline: float, cancelled: Callable[[], bool]
    ) -> Mapping[str, int]:
        named(database)
        return dumps.restore(self._bin, database, dump, deadline=deadline, cancelled=cancelled)

    def size(self, database: Database) -> int:
        named(database)
        with dumps.connected(database) as connection:
            return int(connection.execute(SIZE).fetchall()[0][0])

    def exists(self, database: Database) -> bool:
        named(database)
        query = (
            "SELECT 1 FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
            " WHERE d.datname = %s AND r.rolname = %s AND d.datallowconn AND r.rolcanlogin"
        )
        with _connected(self._url) as connection:
            return _one(connection, query, database.name, database.role)

    def version(self) -> str:
        with _connected(self._url) as connection:
            return connection.info.parameter_status("server_version") or ""


def prepare(superuser_url: Secret, *, provisioner: str, password: Secret) -> None:
    """Once per server, as its superuser: the provisioner's role, and the gates that PostgreSQL leaves open.

    Done again it is harmless and sets the provisioner's password anew.
    """
    role = sql.Identifier(provisioner)
    with _connected(superuser_url) as connection:
        if not _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", provisioner):
            _do(connection, "CREATE ROLE {}", role)
        _do(
            connection,
            "ALTER ROLE {} LOGIN NOSUPERUSER CREATEROLE CREATEDB NOREPLICATION NOBYPASSRLS PASSWORD {}",
            role,
            _verifier(connection, provisioner, password),
        )
        for name in ("postgres", "template1"):
            _do(connection, "REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC", sql.Identifier(name))
        _do(connection, "GRANT CONNECT ON DATABASE postgres TO {}", role)
        # A tenant may not raise this one for itself: only a superuser sets it.
        _do(connection, "ALTER SYSTEM SET temp_file_limit = {}", sql.Literal(TEMP_FILES))
        _do(connection, "SELECT pg_reload_conf()")


def _role(connection: Connection, role: sql.Identifier, database: Database) -> None:
    if not _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", database.role):
        _do(connection, "CREATE ROLE {}", role)
    # Not SUPERUSER and the like: a new role has none of them, and only a superuser may even name them.
    _do(
        connection,
        "ALTER ROLE {} LOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT {} PASSWORD {}",
        role,
        sql.Literal(CONNECTIONS),
        _verifier(connection, database.role, database.password),
    )
    _do(connection, "ALTER ROLE {} SET statement_timeout = {}", role, sql.Literal(STATEMENT_TIMEOUT))
    _do(connection, "ALTER ROLE {} SET idle_in_transaction_session_timeout = {}", role, sql.Literal(IDLE_TIMEOUT))
    # To make a database for a role one must be its member; the tenant gains nothing by that.
    _do(connection, "GRANT {} TO CURRENT_USER", role)


def named(database: Database) -> tuple[sql.Identifier, sql.Identifier]:
    """Only names of projects: a wrong row may never drop a database of the platform."""
    for name in (database.name, database.role):
        if _NAME.fullmatch(name) is None:
            raise PlatformError(f"not a project's database or role: {name[:80]!r}")
    return sql.Identifier(database.name), sql.Identifier(database.role)


def _owned(connection: Connection, database: Database) -> frozenset[str]:
    """Every database of that role, and nothing that is not called like a project's."""
    query = "SELECT d.datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = %s"
    names = (str(row[0]) for row in connection.execute(query, (database.role,)).fetchall())
    return frozenset(name for name in names if _NAME.fullmatch(name))


def _verifier(connection: Connection, role: str, password: Secret) -> sql.Literal:
    encrypted = connection.pgconn.encrypt_password(password.reveal().encode(), role.encode(), b"scram-sha-256")
    return sql.Literal(encrypted.decode())


def _do(connection: Connection, statement: LiteralString, *parts: sql.Composable) -> None:
    connection.execute(sql.SQL(statement).format(*parts))


def _drop(connection: Connection, name: sql.Composable) -> None:
    """Refused to all but superusers for as long as an autovacuum worker is in that database: tried again then."""
    try:
        _do(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    except psycopg.errors.InsufficientPrivilege as error:
        raise Transient(f"the projects' database server cleans that database just now: {error}") from error


def _one(connection: Connection, query: LiteralString, *values: str) -> bool:
    return connection.execute(query, values).fetchone() is not None


@contextmanager
def _connected(url: Secret) -> Iterator[Connection]:
    """A connection in autocommit; a server that can't be reached is Transient, a refusal is ours to mend."""
    try:
        with psycopg.connect(url.reveal(), autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
            connection.execute("SET statement_timeout = '60s'")
            yield connection
    except psycopg.OperationalError as error:
        raise Transient(f"the projects' database server: {str(error).strip()}") from error
    except psycopg.Error as error:
        raise PlatformError(f"the projects' database server refused: {str(error).strip()}") from error
