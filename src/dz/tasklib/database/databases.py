"""A role and a database per project, and their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.seams.dbserver import DatabaseServer
from dz.tasklib.context import Context


def create_database(ctx: Context) -> Mapping[str, Any]:
    """Make what the project's row says, or repair it; the password is in the row already."""
    database = ctx.door.database()
    ctx.log.hide("database password", database.password.reveal())
    server = _server(ctx)
    existed = server.exists(database)
    server.create(database)
    ctx.door.database_ready()
    ctx.log.note(f"database {database.name} {'is there' if existed else 'created'} on {database.server}")
    return {"database": database.name, "created": not existed}


def drop_database(ctx: Context) -> None:
    database = ctx.door.database()
    _server(ctx).drop(database)
    ctx.log.note(f"database {database.name} dropped")


def _server(ctx: Context) -> DatabaseServer:
    assert ctx.seams.dbserver is not None, "a step of the database queue ran elsewhere"
    return ctx.seams.dbserver
