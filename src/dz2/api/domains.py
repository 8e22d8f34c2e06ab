"""The addresses of a project's hostnames."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dz2 import domains, services
from dz2.api import documents
from dz2.asker import DZ
from dz2.models import Job, Project

router = Router()
Domain = Annotated[str, Field(min_length=1, max_length=300)]


class AddIn(Schema):
    domains: Annotated[list[Domain], Field(min_length=1, max_length=domains.MOST)]


class RemoveIn(Schema):
    domain: Domain


@router.get("/{name}/domains")
def listed(request: HttpRequest, name: str) -> Any:
    return _document(services.find_project(name), None)


@router.post("/{name}/domains")
def add(request: HttpRequest, name: str, body: AddIn) -> Any:
    """``job``: the release that takes them; null where none is needed."""
    project = services.find_project(name)
    return _document(project, domains.add(project, body.domains, by=DZ))


@router.post("/{name}/domains/remove")
def remove(request: HttpRequest, name: str, body: RemoveIn) -> Any:
    project = services.find_project(name)
    return _document(project, domains.remove(project, body.domain, by=DZ))


def _document(project: Project, job: Job | None) -> dict[str, Any]:
    given = project.given_hostname()
    listed = [
        {"domain": row.hostname, "url": documents.url_of(row), "given": row == given} for row in domains.listed(project)
    ]
    return {"domains": listed, "job": job.pk if job else None}
