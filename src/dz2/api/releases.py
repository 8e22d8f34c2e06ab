"""The addresses of a project's releases, and of the jobs that make one without a build."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dz2 import releases, services
from dz2.api import documents
from dz2.asker import DZ
from dz2.models import Project, Release

router = Router()
MOST = 200


class RollbackIn(Schema):
    release: Annotated[int, Field(ge=1)] | None = None
    with_config: bool = False
    idempotency_key: Annotated[str, Field(max_length=100)] | None = None


@router.get("/{name}/releases")
def all_releases(request: HttpRequest, name: str, limit: Annotated[int, Query(ge=1, le=MOST)] = 20) -> Any:
    """The newest first; ``stored``: a rollback can take it."""
    project = services.find_project(name)
    rows = project.releases.select_related("bundle", "config", "job").order_by("-number")[:limit]
    return [release_document(one) for one in rows]


@router.get("/{name}/rollback")
def what_if(request: HttpRequest, name: str, release: int | None = None, with_config: bool = False) -> Any:
    """What a rollback would change, before anybody decides."""
    project = services.find_project(name)
    to = (
        releases.rollable(project, release)
        if release is not None
        else releases.before(project, with_config=with_config)
    )
    return between_document(project, releases.between(project, to, with_config=with_config), with_config=with_config)


@router.post("/{name}/rollback")
def rollback(request: HttpRequest, name: str, body: RollbackIn) -> Any:
    job = releases.rollback(
        services.find_project(name),
        body.release,
        with_config=body.with_config,
        by=DZ,
        idempotency_key=body.idempotency_key,
    )
    return documents.job_document(job)


@router.post("/{name}/restart")
def restart(request: HttpRequest, name: str) -> Any:
    return documents.job_document(releases.restart(services.find_project(name), by=DZ))


def release_document(row: Release) -> dict[str, Any]:
    return {
        "release": row.number,
        "state": row.state,
        "commit": row.commit,
        "subject": row.subject,
        "branch": row.branch,
        "why": row.why or "Deploy",
        "who": row.who,
        "config": row.config.version if row.config else None,
        "bundle": row.bundle_id,
        "stored": row.live_at is not None and releases.is_stored(row),
        "job": row.job_id,
        "created_at": documents.time_text(row.created_at),
        "live_at": documents.time_text(row.live_at),
    }


def between_document(project: Project, found: releases.Between, *, with_config: bool) -> dict[str, Any]:
    """``variables``: names whose value was another one then than today; ``comes``: those whose value will be another
    one than it is in what is live; ``undo``: the command that takes the rollback back, and its variables with it."""
    config = " --with-config" if found.comes else ""
    return {
        "from": found.live.number,
        "to": found.to.number,
        "forward": found.forward,
        "commits": [{"release": r.number, "commit": r.commit, "subject": r.subject} for r in found.commits],
        "packages": {name: {"now": now, "then": then} for name, (now, then) in found.packages.items()},
        "variables": list(found.variables),
        "comes": list(found.comes),
        "with_config": with_config,
        "migrations": [
            {"app": app, "name": migration, "reversible": undone} for app, migration, undone in found.migrations
        ],
        "next_release": (project.releases.order_by("-number").values_list("number", flat=True).first() or 0) + 1,
        "undo": f"dz rollback {project.name} {found.live.number}{config}",
    }
