"""The addresses of the API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Query, Router, Schema
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer
from pydantic import AfterValidator, Field

from dz.errors import UserError
from dz.names import EnvName, ProjectName
from dz2 import configs, services
from dz2.accounts import is_token
from dz2.api import (
    commands,
    data,
    documents,
    domains,
    problems,
    processes,
    pushes,
    releases,
    resting,
    sitelogs,
    variables,
)
from dz2.api.hosts import status_document
from dz2.api.polling import After, Lines, Wait, Words, until
from dz2.api.waiting import waits_for
from dz2.asker import DZ
from dz2.models import ConfigGuess, Job, JobLog, JobState, JobStep, Project


class Token(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> str | None:
        return "token" if is_token(token) else None


def _with_token(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The schema tells what there is to attack: for those who may ask."""

    def guarded(request: HttpRequest) -> HttpResponse:
        return view(request) if Token()(request) else api.on_exception(request, AuthenticationError())

    return guarded


api = NinjaAPI(
    title="DjangoZoom", version="1", urls_namespace="api", auth=Token(), docs_url=None, docs_decorator=_with_token
)
problems.install(api)
nothing = Router()  # the last one: the API's own addresses come before every router's
_routers = (data, commands, domains, releases, processes, pushes, resting, variables, sitelogs)
for _router in (one.router for one in _routers):
    api.add_router("/projects", _router)
api.add_router("", nothing)

Name = Annotated[str, AfterValidator(ProjectName)]
Variable = Annotated[str, AfterValidator(EnvName)]
Value = Annotated[str, Field(max_length=configs.LONGEST)]
Domain = domains.Domain  # a field below is called as its module
Target = Annotated[str, Field(min_length=1, max_length=500)]
Ref = Annotated[str, Field(max_length=200)]


class CheckIn(Schema):
    target: Target
    name: Name | None = None
    ref: Ref = ""


class DeployIn(CheckIn):
    variables: dict[Variable, Value] = {}
    domains: Annotated[list[Domain], Field(max_length=20)] = []
    rebuild: bool = False
    idempotency_key: Annotated[str, Field(max_length=100)] | None = None


class ConfirmIn(Schema):
    values: dict[Annotated[str, Field(max_length=60)], Value]


@api.get("/projects")
def projects(request: HttpRequest, target: str = "") -> Any:
    """All projects, or the one that a name or address means: a list of none or one then."""
    if target:
        found = services.find_target(target)
        return [documents.project_document(found)] if found else []
    return [documents.project_document(one) for one in Project.objects.filter(destroyed_at=None).order_by("name")]


@api.get("/projects/{name}")
def project(request: HttpRequest, name: str) -> Any:
    return documents.project_document(services.find_project(name))


@api.get("/projects/{name}/guesses")
def guesses(request: HttpRequest, name: str) -> Any:
    """Those of the project's latest check or build that guessed anything."""
    found = ConfigGuess.objects.filter(project=services.find_project(name)).order_by("-job")
    latest = found.first()
    return [documents.guess_document(one) for one in found.filter(job=latest.job).order_by("pk")] if latest else []


@api.post("/projects/{name}/confirm")
def confirm(request: HttpRequest, name: str, body: ConfirmIn) -> Any:
    found = services.find_project(name)
    services.confirm(found, body.values)
    found.refresh_from_db()
    return {"build_config": found.build_config, "confirmed": found.confirmed}


@api.delete("/projects/{name}")
def destroy(request: HttpRequest, name: str, backup: bool = True) -> Any:
    return documents.job_document(services.destroy(name, backup=backup, by=DZ))


@api.post("/check")
def check(request: HttpRequest, body: CheckIn) -> Any:
    return documents.check_document(services.check(body.target, name=body.name, ref=body.ref, by=DZ))


@api.post("/deploy")
def deploy(request: HttpRequest, body: DeployIn) -> Any:
    job = services.deploy(
        body.target,
        services.Beside(variables=body.variables, hostnames=body.domains, rebuild=body.rebuild),
        name=body.name,
        ref=body.ref,
        by=DZ,
        idempotency_key=body.idempotency_key,
    )
    return documents.job_document(job)


@api.get("/jobs")
def jobs(request: HttpRequest, project: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 20) -> Any:
    """The latest first."""
    rows = Job.objects.select_related("project").order_by("-pk")
    if project:
        rows = rows.filter(project=services.find_project(project))
    return documents.job_documents(list(rows[:limit]))


@api.get("/jobs/{job_id}")
async def job(request: HttpRequest, job_id: int, seen: str = "", wait: Wait = 0, lines: bool = True) -> Any:
    """The job; with ``wait`` as soon as it is not as ``seen`` (the ``seen`` of an earlier answer) any more. Without
    ``lines`` a new line in its log alone is not worth an answer."""
    found = await until(lambda: _told(job_id, seen, lines), wait)
    return found or await sync_to_async(lambda: _told(job_id, "", lines))()


@api.get("/jobs/{job_id}/log")
async def job_log(
    request: HttpRequest, job_id: int, after: After = 0, limit: Lines = 500, wait: Wait = 0, search: Words = ""
) -> Any:
    """Lines with a number over ``after`` (that hold the words), in order; with ``wait`` as soon as there is one or the
    job has ended."""
    last: dict[str, Any] = {"after": after}

    def ask() -> dict[str, Any] | None:
        nonlocal last
        last = _log_page(services.find_job(job_id), last["after"], limit, search)
        return last if last["lines"] or last["state"] in JobState.terminal() else None

    return await until(ask, wait) or last


@api.post("/jobs/{job_id}/cancel")
def cancel(request: HttpRequest, job_id: int) -> Any:
    return documents.job_document(services.cancel(job_id))


@api.get("/status")
def status(request: HttpRequest) -> Any:
    return status_document()


@nothing.api_operation(["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:rest}", include_in_schema=False)
def nothing_here(request: HttpRequest, rest: str) -> Any:
    raise UserError("api.no-such-page")


def _told(job_id: int, seen: str, lines: bool) -> dict[str, Any] | None:
    """The job's document, unless it is as it was seen: many ask again and again, so that is found out first."""
    steps = list(JobStep.objects.filter(job=job_id).order_by("position").values_list("state", "attempt", "title"))
    found = services.find_job(job_id)  # after its steps: a job that ends between the two is told as one that has
    mark = _mark(found, steps, lines)
    if mark == seen:
        return None
    whole = documents.check_document(found) if found.kind == "check_repo" else documents.job_document(found)
    return whole | {"seen": mark}


def _mark(found: Job, steps: Sequence[Any], lines: bool) -> str:
    """Changes whenever a follower has something new to show; a running second is not new."""
    shown = repr((found.state, found.next_seq if lines else 0, waits_for(found), steps))
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _log_page(found: Job, after: int, limit: int, search: str) -> dict[str, Any]:
    rows = JobLog.objects.filter(job=found, seq__gt=after, seq__lt=found.next_seq).order_by("seq")
    lines = list((rows.filter(text__icontains=search) if search else rows)[:limit])
    last = lines[-1].seq if len(lines) == limit else max(found.next_seq - 1, after)
    told = [documents.log_document(line) for line in lines]
    ended = found.state in JobState.terminal() and last >= found.next_seq - 1
    return {"lines": told, "after": last, "ended": ended, "state": found.state}
