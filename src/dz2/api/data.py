"""The addresses of a project's data: its database, its backups, and the jobs that make and restore them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from dz.errors import UserError
from dz.tasklib.records import Stored
from dz2 import backups, databasefacts, services
from dz2.accounts import panel
from dz2.api import documents
from dz2.asker import DZ
from dz2.models import Backup, BackupState, Project

router = Router()
MOST = 200
Number = Annotated[int, Field(ge=1, lt=10**9)]


class BackupIn(Schema):
    idempotency_key: Annotated[str, Field(max_length=100)] | None = None


class RestoreIn(BackupIn):
    """``first``: today's data is backed up before."""

    backup: Number | None = None
    first: bool = True


@router.get("/{name}/database")
def database(request: HttpRequest, name: str) -> Any:
    """What there is now; null before the first deploy."""
    return {"database": databasefacts.facts(services.find_project(name))}


@router.get("/{name}/backups")
def all_backups(request: HttpRequest, name: str, limit: Annotated[int, Query(ge=1, le=MOST)] = 20) -> Any:
    """The newest first. Of a project that was destroyed lately its last one."""
    return [backup_document(one) for one in backups.listed(backups.owner(name))[:limit]]


@router.post("/{name}/backups")
def back_up(request: HttpRequest, name: str, body: BackupIn) -> Any:
    project = services.find_project(name)
    return documents.job_document(backups.back_up(project, by=DZ, idempotency_key=body.idempotency_key))


@router.get("/{name}/restore")
def what_if(request: HttpRequest, name: str, backup: Number | None = None) -> Any:
    """What a restore would do, before anybody decides."""
    project = services.find_project(name)
    found = backups.restoring(project, backup)
    return {
        "backup": backup_document(found.backup),
        "live": found.live.number,
        "behind": [{"release": one.number, "commit": one.commit, "subject": one.subject} for one in found.behind],
    }


@router.post("/{name}/restore")
def restore(request: HttpRequest, name: str, body: RestoreIn) -> Any:
    project = services.find_project(name)
    job = backups.restore(project, body.backup, first=body.first, by=DZ, idempotency_key=body.idempotency_key)
    return documents.job_document(job)


@router.get("/{name}/download")
def download(
    request: HttpRequest, name: str, backup: Number | None = None, what: Literal["database", "volume"] = "database"
) -> Any:
    """The object itself, whole; its sha256 is in a header."""
    from dz.tasklib.backupstore import BackupStore  # 1 MB that the panel needs for nothing else

    project = backups.owner(name)
    row = backups.good(project, backup)
    stored = _stored(project, row, what)
    connection.close()  # a download may take hours, and needs none
    answer = StreamingHttpResponse(BackupStore(panel(), what).pieces(stored), content_type="application/octet-stream")
    answer["Content-Length"] = str(stored.size)
    answer["Dz-Sha256"] = stored.digest
    answer["Dz-Backup"] = str(row.number)
    return answer


def _stored(project: Project, row: Backup, what: str) -> Stored:
    found = row.objects_in_store.get(what)
    if found is None:
        raise UserError("data.no-files", name=project.name, backup=row.number)
    return Stored(**found)


def backup_document(row: Backup) -> dict[str, Any]:
    objects = row.objects_in_store
    return {
        "backup": row.number,
        "why": row.why,
        "state": row.state,
        "release": row.release,
        "size": row.size,
        "database_size": objects.get("database", {}).get("size"),
        "files_size": objects.get("volume", {}).get("size"),
        "tables": len(row.rows),
        "rows": sum(row.rows.values()),
        "tested": row.tested_at is not None and row.state == BackupState.GOOD,
        "tested_at": documents.time_text(row.tested_at),
        "error": (row.error or None) if row.state != BackupState.GOOD else None,
        "left_out": (row.error or None) if row.state == BackupState.GOOD else None,
        "job": row.job_id,
        "created_at": documents.time_text(row.created_at),
        "finished_at": documents.time_text(row.finished_at),
    }
