"""A role and a database per project, and their end.

A project stays on the server that its row named first. Steps go to any database worker: one beside another server hands
the step back and hopes for the right one, so where there are several servers such a step may take a few tries, or fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.errors import Transient
from dz.seams.dbserver import DatabaseServer
from dz.tasklib.context import Context
from dz.tasklib.records import Database


def create_database(ctx: Context) -> Mapping[str, Any]:
    """Make what the project's row says, or repair it; the password is in the row already."""
    database = ctx.door.database()
    ctx.log.hide("database password", database.password.reveal())
    server = _server_of(ctx, database)
    existed = server.exists(database)
    server.create(database)
    ctx.door.database_ready()
    ctx.log.note(f"database {database.name} {'is there' if existed else 'created'} on {database.server}")
    return {"database": database.name, "created": not existed}


def drop_database(ctx: Context) -> None:
    database = ctx.door.database()
    _server_of(ctx, database).drop(database)
    ctx.log.note(f"database {database.name} dropped")


def _server_of(ctx: Context, database: Database) -> DatabaseServer:
    if database.server != ctx.host:
        raise Transient(f"database {database.name} is on {database.server}, and this is {ctx.host}")
    assert ctx.seams.dbserver is not None, "a step of the database queue ran elsewhere"
    return ctx.seams.dbserver
