"""Which migrations a project's own database says it has, also when it does what it can not to answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast

import psycopg
import pytest

from dz.seams.dbserver import Database
from dz.seams.dbserver.applied import applied_migrations
from tests.postgres import PostgresServer

STUBBORN = """
CREATE FUNCTION slow() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        FOR turn IN 1 .. 2 LOOP
            BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END;
        END LOOP;
        RETURN 'x';
    END
$$;
CREATE VIEW django_migrations AS SELECT slow() AS app, 'x'::text AS name;
"""


@dataclass
class Place:
    """A database as its project reaches it."""

    given: dict[str, Any]

    def parameters(self) -> dict[str, Any]:
        return self.given


@pytest.fixture
def place(postgres_server: PostgresServer) -> Place:
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS applied WITH (FORCE)")
        connection.execute("CREATE DATABASE applied")
    return Place(psycopg.conninfo.conninfo_to_dict(postgres_server.url()) | {"dbname": "applied"})


def told(place: Place, *, seconds: float = 3.0) -> frozenset[tuple[str, str]]:
    return applied_migrations(cast(Database, place), seconds=seconds)


def test_a_database_without_the_table_has_none_and_one_with_it_tells_them(place: Place) -> None:
    assert told(place) == frozenset()
    with psycopg.connect(**place.given, autocommit=True) as connection:
        connection.execute("CREATE TABLE django_migrations (app text, name text)")
        connection.execute("INSERT INTO django_migrations VALUES ('notes', '0001_initial')")
    assert told(place) == {("notes", "0001_initial")}


def test_a_table_that_is_a_function_which_will_not_be_cancelled_holds_nobody(place: Place) -> None:
    with psycopg.connect(**place.given, autocommit=True) as connection:
        connection.execute(STUBBORN)
    began = time.monotonic()
    assert told(place, seconds=0.5) == frozenset()
    assert time.monotonic() - began < 30
