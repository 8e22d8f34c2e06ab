"""The database server's contract, on PostgreSQL itself and on the fake; and what tenants can't reach."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from dz.errors import PlatformError, Transient
from dz.log import Secret
from dz.names import InstanceId
from dz.seams.dbserver import Database, DatabaseServer
from dz.seams.dbserver.fake import FakeDatabaseServer
from dz.seams.dbserver.postgres import Postgres, prepare
from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def provisioned(postgres_server: PostgresServer) -> Postgres:
    for _ in range(2):  # done again it is harmless
        prepare(Secret(postgres_server.url()), provisioner="dz_provisioner", password=Secret("first"))
    host, port = postgres_server.socket_dir, postgres_server.port
    return Postgres(Secret(f"postgres://dz_provisioner:first@/postgres?host={host}&port={port}"))


@pytest.fixture(params=["postgres", "fake"])
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    if request.param == "fake":
        return FakeDatabaseServer()
    real: DatabaseServer = request.getfixturevalue("provisioned")
    return real


def database(number: int, password: str = "pässword'%") -> Database:
    name = f"p{number:08d}"
    return Database(
        server=InstanceId("db-1"), address="/tmp", port=5432, name=name, role=name, password=Secret(password)
    )


def connect(
    server: PostgresServer, tenant: Database, dbname: str | None = None
) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(server.socket_dir),
        port=server.port,
        user=tenant.role,
        password=tenant.password.reveal(),
        dbname=dbname or tenant.name,
        autocommit=True,
        connect_timeout=30,
    )


def test_a_database_is_there_after_create_and_gone_after_drop_however_often(server: DatabaseServer) -> None:
    one = database(1)
    for _ in range(2):
        server.create(one)
        assert server.exists(one)
    for _ in range(2):
        server.drop(one)
        assert not server.exists(one)
    assert server.version()


@pytest.mark.parametrize("name", ["postgres", "p1", 'p00000001"; DROP', "p00000001\n"])
def test_only_names_of_projects_are_taken(server: DatabaseServer, name: str) -> None:
    bad = Database(server=InstanceId("db-1"), address="/tmp", port=1, name=name, role=name, password=Secret("x"))
    for act in (server.create, server.drop):
        with pytest.raises(PlatformError):
            act(bad)


def test_two_tenants_reach_only_their_own(provisioned: Postgres, postgres_server: PostgresServer) -> None:
    one, other = database(11), database(12)
    for tenant in (one, other):
        provisioned.create(tenant)
    with closing(connect(postgres_server, one)) as mine:
        mine.execute("CREATE TABLE t (x int)")
        for statement in ("CREATE DATABASE p00009999", "CREATE ROLE p00009999", "ALTER ROLE p00000012 PASSWORD 'x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                mine.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mine.execute("SET temp_file_limit = '100GB'")
    for elsewhere in (other.name, "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            connect(postgres_server, one, elsewhere)
    for tenant in (one, other):
        provisioned.drop(tenant)


def test_create_sets_the_password_anew_and_limits_the_tenant(
    provisioned: Postgres, postgres_server: PostgresServer
) -> None:
    provisioned.create(database(13, "old"))
    tenant = database(13, "new")
    provisioned.create(tenant)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(postgres_server, database(13, "old"))
    with closing(connect(postgres_server, tenant)) as mine:
        limit = mine.execute("SELECT rolconnlimit, rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        assert limit == (20, False)
        assert mine.execute("SHOW statement_timeout").fetchone() == ("5min",)
        assert mine.execute("SHOW temp_file_limit").fetchone() == ("2GB",)
    provisioned.drop(tenant)


def test_drop_ends_the_connections_that_are_open(provisioned: Postgres, postgres_server: PostgresServer) -> None:
    tenant = database(14)
    provisioned.create(tenant)
    with closing(connect(postgres_server, tenant)) as mine:
        provisioned.drop(tenant)
        with pytest.raises(psycopg.OperationalError):
            mine.execute("SELECT 1")
    assert not provisioned.exists(tenant)


def test_a_server_that_is_down_is_a_transient_fault() -> None:
    with pytest.raises(Transient):
        Postgres(Secret("postgres://x:y@127.0.0.1:1/postgres")).version()
