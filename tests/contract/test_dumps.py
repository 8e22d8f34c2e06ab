"""Dumps and restores on PostgreSQL itself and on the fake: the same rows come back, and what is not whole is told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from dz.errors import PlatformError, Transient, UserError
from dz.log import Secret
from dz.names import InstanceId
from dz.seams.dbserver import Database, DatabaseServer
from dz.seams.dbserver.fake import FakeDatabaseServer
from dz.seams.dbserver.postgres import CONNECTIONS, Postgres, prepare
from dz.tasklib.database.databases import make
from tests.postgres import PostgresServer

DEADLINE = 60.0
TABLES = """
    CREATE SCHEMA "Other";
    CREATE TABLE note (id bigserial PRIMARY KEY, text text);
    CREATE TABLE "Other"."o'clock" (id int PRIMARY KEY REFERENCES note (id));
    CREATE TABLE part (at int) PARTITION BY RANGE (at);
    CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
    CREATE VIEW seen AS SELECT * FROM note;
    INSERT INTO note (text) SELECT 'x' FROM generate_series(1, 1000);
    INSERT INTO "Other"."o'clock" VALUES (1), (2);
    INSERT INTO part VALUES (1), (2), (3);
    SELECT lo_from_bytea(0, 'large');
"""
ROWS = {"Other.o'clock": 2, "public.note": 1000, "public.part_1": 3, "large objects": 1}


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def real(postgres_server: PostgresServer) -> Postgres:
    prepare(Secret(postgres_server.url()), provisioner="dz_provisioner", password=Secret("first"))
    host, port = postgres_server.socket_dir, postgres_server.port
    return Postgres(Secret(f"postgres://dz_provisioner:first@/postgres?host={host}&port={port}"), postgres_server.bin)


@pytest.fixture
def database(postgres_server: PostgresServer, real: Postgres) -> Iterator[Database]:
    one = of(postgres_server)
    real.create(one)
    with connect(one) as connection:
        connection.execute(TABLES)
    yield one
    real.drop(one)


def of(server: PostgresServer, name: str = "p00000042") -> Database:
    return Database(
        server=InstanceId("db-1"),
        address=str(server.socket_dir),
        port=server.port,
        name=name,
        role="p00000042",
        password=Secret("päss:word'\\%"),
    )


def connect(to: Database) -> closing[psycopg.Connection[tuple[object, ...]]]:
    return closing(
        psycopg.connect(
            host=to.address,
            port=to.port,
            dbname=to.name,
            user=to.role,
            password=to.password.reveal(),
            autocommit=True,
        )
    )


def dumped(server: DatabaseServer, database: Database, file: Path) -> dict[str, int]:
    with file.open("wb") as out:
        return dict(server.dump(database, out.write, deadline=DEADLINE, cancelled=never))  # type: ignore[arg-type]


@pytest.mark.parametrize("which", ["real", "fake"])
def test_a_restored_database_has_the_rows_of_the_dump_and_goes_without_its_role(
    which: str, database: Database, real: Postgres, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    server: DatabaseServer = real if which == "real" else FakeDatabaseServer()
    if isinstance(server, FakeDatabaseServer):
        server.create(database)
        server.rows[database.name] = dict(ROWS)
    assert dumped(server, database, tmp_path / "dump") == ROWS
    other = of(postgres_server, "p00000042_r7")
    server.create(other)
    assert server.restore(other, tmp_path / "dump", deadline=DEADLINE, cancelled=never) == ROWS
    assert server.names(database) == {database.name, other.name}
    assert server.size(database) > 0
    for _ in range(2):
        server.discard(other)
    assert server.names(database) == {database.name}
    assert server.exists(database)
    server.create(other)
    server.drop(database)
    assert server.names(database) == frozenset()


def test_rows_are_those_of_the_dumps_own_snapshot(
    database: Database, real: Postgres, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    written = 0

    def take(piece: bytes) -> None:
        nonlocal written
        with connect(database) as connection, (tmp_path / "dump").open("ab") as out:
            connection.execute("INSERT INTO note (text) VALUES ('too late')")
            out.write(piece)
        written += 1

    rows = real.dump(database, take, deadline=DEADLINE, cancelled=never)
    assert (rows, written > 0) == (ROWS, True)
    other = of(postgres_server, "p00000042_r7")
    real.create(other)
    assert real.restore(other, tmp_path / "dump", deadline=DEADLINE, cancelled=never) == ROWS


def test_a_dump_that_is_cut_short_is_told_wherever_it_was_cut(
    database: Database, real: Postgres, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    dumped(real, database, tmp_path / "dump")
    whole = (tmp_path / "dump").read_bytes()
    other = of(postgres_server, "p00000042_r7")
    for length in (0, 100, len(whole) // 2, len(whole) - 20):
        (tmp_path / "cut").write_bytes(whole[:length])
        real.create(other)
        with pytest.raises(PlatformError) as raised:
            real.restore(other, tmp_path / "cut", deadline=DEADLINE, cancelled=never)
        assert raised.value.id == "data.damaged"
        real.discard(other)


def test_no_password_is_seen_and_what_a_hostile_database_runs_has_no_right_but_its_own(
    database: Database, real: Postgres, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """A function of the project's that runs during the restore is the project's role and nobody else."""
    with connect(database) as connection:
        connection.execute("CREATE TABLE who (name text DEFAULT session_user, at int)")
        connection.execute(
            "CREATE FUNCTION spy(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN"
            " IF session_user <> 'p00000042' THEN RAISE EXCEPTION 'I am %', session_user; END IF; RETURN $1; END $$"
        )
        connection.execute("CREATE INDEX spied ON who (spy(at))")
        connection.execute("INSERT INTO who (at) VALUES (1)")
    dumped(real, database, tmp_path / "dump")
    assert database.password.reveal().encode() not in (tmp_path / "dump").read_bytes()
    other = of(postgres_server, "p00000042_r7")
    real.create(other)
    rows = real.restore(other, tmp_path / "dump", deadline=DEADLINE, cancelled=never)
    assert rows["public.who"] == 1


def test_a_dump_that_postgresql_refuses_each_time_is_told_as_that_and_not_tried_again(
    database: Database, real: Postgres, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """A restore has no search path, as pg_dump wants it: what a function names without a schema is not found."""
    with connect(database) as connection:
        connection.execute("CREATE FUNCTION known(int) RETURNS bool LANGUAGE sql AS 'SELECT true FROM note LIMIT 1'")
        connection.execute("CREATE TABLE held (at int CHECK (known(at)))")
        connection.execute("INSERT INTO held VALUES (1)")
    dumped(real, database, tmp_path / "dump")
    other = of(postgres_server, "p00000042_r7")
    real.create(other)
    with pytest.raises(PlatformError) as refused:
        real.restore(other, tmp_path / "dump", deadline=DEADLINE, cancelled=never)
    assert (type(refused.value), refused.value.id) == (PlatformError, "data.does-not-restore")
    assert 'relation "note" does not exist' in refused.value.detail
    real.discard(other)
    real.create(other)
    with ExitStack() as busy:
        for _ in range(CONNECTIONS):
            busy.enter_context(connect(other))
        with pytest.raises(Transient):
            real.restore(other, tmp_path / "dump", deadline=DEADLINE, cancelled=never)


def test_tables_that_hide_rows_from_their_owner_are_named_and_never_dumped_in_part(
    database: Database, real: Postgres, tmp_path: Path
) -> None:
    with connect(database) as connection:
        connection.execute("ALTER TABLE note ENABLE ROW LEVEL SECURITY")
        assert dumped(real, database, tmp_path / "dump") == ROWS  # the owner sees all
        connection.execute("ALTER TABLE note FORCE ROW LEVEL SECURITY")
    with pytest.raises(UserError) as refused:
        dumped(real, database, tmp_path / "part")
    assert (refused.value.id, "public.note hide" in refused.value.brief) == ("data.row-security", True)
    assert (tmp_path / "part").read_bytes() == b""
    with connect(database) as connection:
        connection.execute(r'ALTER TABLE note RENAME TO "a;\! id"')
    with pytest.raises(UserError, match="database") as refused:
        dumped(real, database, tmp_path / "part")
    assert r'ALTER TABLE public."a;\! id" NO FORCE' in refused.value.next, "it is pasted into a psql"


def test_a_role_is_made_by_one_at_a_time(real: Postgres, postgres_server: PostgresServer, tmp_path: Path) -> None:
    """A nightly backup is tested while its project is deployed: without the lock PostgreSQL refuses one of the two."""
    ctx: Any = SimpleNamespace(
        settings=SimpleNamespace(home=tmp_path),
        seams=SimpleNamespace(dbserver=real),
        left=lambda at_most: at_most,
        check=lambda: None,
    )
    two = [of(postgres_server), of(postgres_server, "p00000042_t1")]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            list(pool.map(lambda one: make(ctx, one), two))
    real.drop(two[0])


def test_a_server_whose_disk_is_full_says_nothing_of_the_dump(
    database: Database, real: Postgres, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with connect(database) as connection:
        connection.execute("CREATE TABLE grown (at int)")
        connection.execute(
            "CREATE FUNCTION fill(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN"
            " IF current_database() <> 'p00000042' THEN RAISE EXCEPTION USING ERRCODE = '53100',"
            " MESSAGE = 'could not extend file \"base/1/2\": No space left on device'; END IF; RETURN $1; END $$"
        )
        connection.execute("CREATE INDEX filled ON grown (fill(at))")
        connection.execute("INSERT INTO grown VALUES (1)")
    dumped(real, database, tmp_path / "dump")
    other = of(postgres_server, "p00000042_r7")
    real.create(other)
    with pytest.raises(Transient, match="No space left on device"):
        real.restore(other, tmp_path / "dump", deadline=DEADLINE, cancelled=never)
