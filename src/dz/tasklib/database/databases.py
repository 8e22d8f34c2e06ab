"""A role and a database per project, and their end.

Steps go to any database worker. A database that was never made belongs to whichever of them asks for it first, and then
stays on that server. Only that one can drop it: another hands the step back and hopes for the right one, so where there
are several servers a destroy may take a few tries, or has to be asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dz.errors import Transient
from dz.seams.dbserver import DatabaseServer
from dz.tasklib.context import Context
from dz.tasklib.locks import held
from dz.tasklib.records import Database


def create_database(ctx: Context) -> Mapping[str, Any]:
    """Make what the project's row says, or repair it; the password is in the row already. One that was made on another
    server is kept there by its own host's reconcile."""
    database = ctx.door.database()
    if database.server != ctx.host:
        ctx.log.note(f"database {database.name} is there, on {database.server}")
        return {"database": database.name, "created": False}
    ctx.log.hide("database password", database.password.reveal())
    existed = server_of(ctx).exists(database)
    make(ctx, database)
    ctx.midway()
    ctx.door.database_ready()
    ctx.log.note(f"database {database.name} {'is there' if existed else 'created'} on {database.server}")
    return {"database": database.name, "created": not existed}


def drop_database(ctx: Context) -> None:
    database = ctx.door.database()
    if database.server != ctx.host:
        raise Transient(f"database {database.name} is on {database.server}, and this is {ctx.host}")
    with held(ctx, lock_of(ctx, database), most=60):
        server_of(ctx).drop(database)
    ctx.log.note(f"database {database.name} dropped")


def server_of(ctx: Context) -> DatabaseServer:
    assert ctx.seams.dbserver is not None, "a step of the database queue ran elsewhere"
    return ctx.seams.dbserver


def make(ctx: Context, database: Database) -> None:
    """PostgreSQL refuses two at once on one role: a nightly backup may be tested while its project is deployed."""
    with held(ctx, lock_of(ctx, database), most=60):
        server_of(ctx).create(database)


def lock_of(ctx: Context, database: Database) -> Path:
    """Held while a project's role and databases are made, go or are brought back: steps run beside each other."""
    return ctx.settings.home / "locks" / database.role
