"""The addresses of a project's variables. Values go in and, asked for one by one, come out; lists show names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dz.words import listing
from dz2 import configs, releases, services
from dz2.api import documents
from dz2.asker import DZ

router = Router()
Name = Annotated[str, Field(max_length=128)]
Value = Annotated[str, Field(max_length=configs.LONGEST)]


class PreviewIn(Schema):
    variables: dict[Name, Value]


class LeaveIn(Schema):
    names: Annotated[list[Name], Field(min_length=1, max_length=100)]


class ChangeIn(Schema):
    variables: dict[Name, Value] = {}
    unset: list[Name] = []
    deploy: bool = False


@router.get("/{name}/variables")
def listed(request: HttpRequest, name: str) -> Any:
    project = services.find_project(name)
    more = {"left_unset": project.left_unset}
    return _configs(project) | more | {"variables": [_document(one) for one in configs.listed(project)]}


@router.get("/{name}/variables/{variable}")
def value(request: HttpRequest, name: str, variable: str) -> Any:
    return {"name": variable, "value": configs.reveal(services.find_project(name), variable, by=DZ).reveal()}


@router.post("/{name}/preview-variables")
def preview(request: HttpRequest, name: str, body: PreviewIn) -> Any:
    return asdict(configs.preview(services.find_project(name), body.variables))


@router.post("/{name}/leave-variables")
def leave(request: HttpRequest, name: str, body: LeaveIn) -> Any:
    """They are asked for no more."""
    project = services.find_project(name)
    configs.leave_unset(project, [configs.checked(variable) for variable in body.names])
    return {"left_unset": project.left_unset}


@router.post("/{name}/variables")
def change(request: HttpRequest, name: str, body: ChangeIn) -> Any:
    """The next config; with ``deploy`` also a new release of what is live, in ``job``."""
    project = services.find_project(name)
    new = configs.preview(project, body.variables)
    configs.change(project, body.variables, unset=body.unset, by=DZ)
    names = sorted({*new.added, *new.changed, *body.unset})
    told = _configs(project)
    runs = told["live_config"] is not None
    job = releases.reconfigure(project, _why(names), by=DZ) if names and body.deploy and runs else None
    return told | {"changed": names, "job": job.pk if job else None}


def _why(names: list[str]) -> str:
    shown = [*names[:3], f"{len(names) - 3} more"] if len(names) > 3 else names
    return f"{listing(shown)} changed"


def _configs(project: Any) -> dict[str, int | None]:
    """``live_config``: that of what runs, 0 for none; null where nothing runs."""
    today, running = configs.latest(project), project.running_release()
    return {
        "config": today.version if today else None,
        "live_config": (running.config.version if running.config else 0) if running else None,
    }


def _document(one: configs.Variable) -> dict[str, Any]:
    return {
        "name": one.name,
        "set": one.is_set,
        "filled": one.filled,
        "needed": one.needed,
        "set_at": documents.time_text(one.set_at),
        "who": one.who,
        "config": one.version,
        "read_in": list(one.read_in),
    }
