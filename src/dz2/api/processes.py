"""The addresses of a project's processes: how each is, and how many of each kind there are to be."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from dz.tasklib.appserver.vitals import GIVEN_UP, RESTARTING
from dz.tasklib.filled import REDIS_AT
from dz2 import formations, services
from dz2.api import answering
from dz2.api.documents import deployment_document, site_url, time_text
from dz2.asker import DZ
from dz2.door.placing import NOT_STARTED
from dz2.models import AppServerDeployment, DeploymentState, Host, Project, ProjectRedis, ReleaseState

router = Router()
Count = Annotated[int, Field(ge=0, lt=1000)]


class ScaleIn(Schema):
    processes: Annotated[dict[Annotated[str, Field(max_length=40)], Count], Field(min_length=1, max_length=50)]


@router.get("/{name}/processes")
async def processes(request: HttpRequest, name: str) -> Any:
    """``answers_in``: milliseconds, of a healthy web process that is asked now; null for all others."""
    found, url = await sync_to_async(_found)(name)
    asked = [one for one in found if is_asked(one)]
    took = await asyncio.gather(*(answering.seconds(one["address"], one["port"], url) for one in asked))
    for one, seconds in zip(asked, took, strict=True):
        if seconds == math.inf:
            one["words"] = f"no answer in {answering.PATIENCE:.0f} s"
        elif seconds is not None:
            one["answers_in"] = max(1, round(seconds * 1000))
    return found


def is_asked(document: Mapping[str, Any]) -> bool:
    """Whatever words its state is told in: a web process, which alone of a release's has a port."""
    started = document["state"] == DeploymentState.HEALTHY
    return started and document["release"] is not None and bool(document["port"])


def _found(name: str) -> tuple[list[dict[str, Any]], str]:
    project = services.find_project(name)
    return process_documents(project), site_url(project)


@router.get("/{name}/formation")
def formation(request: HttpRequest, name: str) -> Any:
    project = services.find_project(name)
    counts = formations.counts(project)
    return [{"process": kind, "count": counts[kind], "line": line} for kind, line in formations.kinds(project).items()]


@router.post("/{name}/scale")
def scale(request: HttpRequest, name: str, body: ScaleIn) -> Any:
    """``job``: the new release of what is live; None if that runs so already, or nothing is live."""
    project = services.find_project(name)
    job = formations.scale(project, body.processes, by=DZ)
    return {"formation": formations.counts(project), "job": job.pk if job else None}


def process_documents(project: Project) -> list[dict[str, Any]]:
    """The project's processes that are not stopped, and those of the live release that could not be started."""
    rows = AppServerDeployment.objects.select_related("release", "appserver__host").filter(release__project=project)
    ended = Q(state__in=[DeploymentState.STOPPED, DeploymentState.FAILED])
    refused = Q(release__state=ReleaseState.LIVE, state=DeploymentState.STOPPED, detail__startswith=NOT_STARTED)
    found = [_document(row) for row in rows.filter(~ended | refused).order_by("process", "pk")]
    redis = ProjectRedis.objects.filter(project=project, wanted=True, appserver__isnull=False)
    return found + [_redis_document(row) for row in redis if project.deactivated_at is None]


def _document(row: AppServerDeployment) -> dict[str, Any]:
    about = {"process": row.process, "release": row.release.number, "state": row.state, "words": _words(row)}
    return deployment_document(row) | about | _as_told(row)


def _redis_document(row: ProjectRedis) -> dict[str, Any]:
    """As a process of no release. Its host tells of it with each heartbeat, as long as its supervisor has it."""
    assert row.appserver is not None
    words = _words_of_host(row.appserver.host, row.detail) or ("not running" if _is_old(row.seen_at) else "running")
    place = {"host": row.appserver.host.instance_id, "address": REDIS_AT, "port": row.port}
    about = {"process": "redis", "release": None, "state": "healthy" if words == "running" else "wanted"}
    return place | {"instance_id": place["host"], "words": words} | about | _as_told(row)


def _as_told(row: AppServerDeployment | ProjectRedis) -> dict[str, Any]:
    return {
        "since": time_text(row.started_at or row.created_at),
        "memory": row.memory,
        "restarts": row.restarts,
        "detail": row.detail,
        "seen_at": time_text(row.seen_at),
        "program": row.program,
        "answers_in": None,
    }


def _words(row: AppServerDeployment) -> str:
    """Its state as people say it."""
    if row.state == DeploymentState.STOPPED:
        return row.detail
    if row.state == DeploymentState.RETIRING:
        return "stopping"
    if row.state == DeploymentState.WANTED:
        live = row.release.state == ReleaseState.LIVE
        return "waits until the old release has stopped" if live else "starting"
    return _words_of_host(row.appserver.host, row.detail) or ("healthy" if row.port else "running")


def _words_of_host(host: Host, detail: str) -> str:
    """What its host tells of a program that is not well, or that it tells nothing; else ""."""
    if _is_old(host.last_heartbeat):
        return f"unknown: {host.instance_id} does not report"
    return detail if detail.startswith((RESTARTING, GIVEN_UP)) else ""


def _is_old(told_at: datetime | None) -> bool:
    return told_at is None or (timezone.now() - told_at).total_seconds() > settings.DZ_GONE
