"""What a project's database says of itself, asked as the project's own role: its size, connections, largest tables."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from dz.errors import UserError
from dz2.door import values
from dz2.models import Project, ProjectDatabase
from dz2.services import find_project

PATIENCE = 5  # seconds
TABLES = 5

_NUMBERS = """
    SELECT pg_catalog.pg_database_size(pg_catalog.current_database()),
           (SELECT count(*) FROM pg_catalog.pg_stat_activity
             WHERE usename = current_user AND pid <> pg_catalog.pg_backend_pid()),
           (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = current_user),
           pg_catalog.current_setting('server_version')
"""
_LARGEST = """
    SELECT n.nspname, c.relname, pg_catalog.pg_total_relation_size(c.oid) AS size,
           CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint END -- not known before its first ANALYZE
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
     ORDER BY size DESC, c.relname LIMIT %s
"""


def facts(project: Project) -> dict[str, Any] | None:
    """None for a project without a database. Raises ``data.no-server``."""
    row = ProjectDatabase.objects.select_related("server").filter(project=project, ready_at__isnull=False).first()
    if row is None:
        return None
    to = values.database(row)
    try:
        with psycopg.connect(
            **to.parameters(),
            connect_timeout=PATIENCE,
            autocommit=True,
            options=f"-c statement_timeout={PATIENCE}s -c search_path=pg_catalog",
            application_name="dz-info",
        ) as connection:
            size, connections, limit, version = connection.execute(_NUMBERS).fetchall()[0]
            largest = connection.execute(_LARGEST, [TABLES]).fetchall()
    except psycopg.Error as error:
        raise UserError("data.no-server", name=project.name, detail=_first_line(error)) from None
    tables = [{"table": f"{s}.{t}", "size": bytes_, "rows": rows} for s, t, bytes_, rows in largest]
    found = {"name": to.name, "server": to.server, "version": version, "size": size}
    return found | {"connections": connections, "connection_limit": limit, "largest": tables}


def reached(name: str) -> str:
    """JSON for psql: how the database of that project is reached, its password included; ``null`` for none, and a
    ``hint`` where there is no such project."""
    try:
        project = find_project(name)
    except UserError as error:
        return json.dumps({"hint": error.facts["hint"]})
    row = ProjectDatabase.objects.select_related("server").filter(project=project)
    found = row.filter(ready_at__isnull=False).first()
    if found is None:
        return "null"
    to = values.database(found)
    parts = {"address": to.address, "port": to.port, "name": to.name, "role": to.role, "server": to.server}
    return json.dumps(parts | {"password": to.password.reveal()})


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
