"""Whose fault it is when a project's command fails while its database server restarts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from psycopg.conninfo import conninfo_to_dict

from dz.errors import Transient, UserError
from dz.log import Secret
from dz.names import InstanceId
from dz.seams.dbserver import Database
from dz.seams.dbserver.away import excused, was_away
from tests.postgres import PostgresServer
from tests.servers import free_port


@pytest.fixture
def database(postgres_server: PostgresServer) -> Database:
    of = conninfo_to_dict(postgres_server.url())
    return Database(
        server=InstanceId("db-1"),
        address=str(of["host"]),
        port=int(str(of["port"])),
        name=str(of["dbname"]),
        role=str(of["user"]),
        password=Secret(str(of.get("password") or "")),
    )


def test_a_server_was_away_if_it_does_not_answer_or_has_just_started(database: Database) -> None:
    assert was_away(database, 1e6), "it has started for this test run"
    assert not was_away(database, 0)
    assert was_away(replace(database, port=free_port()), 0)


def test_a_server_that_refuses_a_project_is_not_away(database: Database) -> None:
    assert not was_away(replace(database, role="nobody_here"), 1e6)


def test_what_fails_while_the_server_is_away_is_tried_again_and_not_the_projects_fault(database: Database) -> None:
    with pytest.raises(Transient, match="was away"), excused(replace(database, port=free_port())):
        raise UserError("hook.failed", command="migrate", error="OperationalError: connection refused")


def test_a_projects_own_failure_stays_its_own(database: Database) -> None:
    with pytest.raises(UserError), excused(database, recovers=-1e6):  # the server of these tests is young
        raise UserError("hook.failed", command="migrate", error="ProgrammingError: no such table")
