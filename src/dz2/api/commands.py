"""The addresses at which a command in a project's live release is begun, and a link to one; ``dz2.terminals`` has the
one where it is typed at."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dz2 import administrators, commands, services
from dz2.api import documents
from dz2.asker import DZ

router = Router()
Count = Annotated[int, Field(ge=1, le=1000)]


class RunIn(Schema):
    """``terminal``: its input and output are a terminal of ``rows`` and ``columns``, of the kind ``term``."""

    command: Annotated[list[Annotated[str, Field(max_length=commands.LONGEST)]], Field(min_length=1, max_length=1000)]
    attached: bool = False
    terminal: bool = False
    rows: Count = 24
    columns: Count = 80
    term: Annotated[str, Field(max_length=40)] = ""


@router.post("/{name}/administrator-link")
def administrator_link(request: HttpRequest, name: str) -> Any:
    """``link``: whoever opens it first becomes an administrator of the project's own admin."""
    url, made = administrators.link(services.find_project(name))
    return {"link": url, "expires_at": documents.time_text(made.expires_at)}


@router.post("/{name}/run")
def run(request: HttpRequest, name: str, body: RunIn) -> Any:
    job = commands.run(
        services.find_project(name),
        body.command,
        attached=body.attached,
        terminal=body.terminal,
        size=(body.rows, body.columns),
        term=body.term,
        by=DZ,
    )
    return documents.job_document(job)
