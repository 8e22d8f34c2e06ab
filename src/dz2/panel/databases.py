"""A project's data: what its database says of itself, its backups, a new one, and the way back to one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from dz.errors import UserError
from dz2 import backups, databasefacts, services
from dz2.api.data import backup_document
from dz2.models import Project, ProjectDatabase
from dz2.panel.naming import Typed
from dz2.panel.pressing import posted, pressed
from dz2.panel.problems import told

LATEST = 50


@login_required
@require_GET
@told
def page(request: HttpRequest, name: str) -> HttpResponse:
    """The database itself is asked only with ``facts``, which the page does by a script or a link: it may be slow."""
    project = services.find_project(name)
    context = {
        "project": project,
        "there": ProjectDatabase.objects.filter(project=project, ready_at__isnull=False).exists(),
        "backups": [_row(one) for one in backups.listed(project)[:LATEST]],
        "tab": "database",
    }
    return render(request, "panel/database.html", context | (_asked(project) if "facts" in request.GET else {}))


def _asked(project: Project) -> dict[str, Any]:
    try:
        return {"facts": databasefacts.facts(project), "asked": True}
    except UserError as error:
        return {"problem": error, "asked": True}


def _row(one: Any) -> dict[str, Any]:
    """As the API tells it, with its times as times."""
    return backup_document(one) | {"at": one.created_at}


@login_required
@posted("database")
@told
def back_up(request: HttpRequest, name: str) -> HttpResponse:
    project = services.find_project(name)
    job = pressed(request, lambda key: backups.back_up(project, by=request.user, idempotency_key=key))
    return redirect("job", job_id=job.pk)


@login_required
@require_http_methods(["GET", "POST"])
@told
def restore(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """What it takes back, and the name typed, since every visitor's data changes."""
    project = services.find_project(name)
    change = backups.restoring(project, number)
    form = Typed(request.POST or None, name=project.name)
    if request.method == "POST" and form.is_valid():
        job = pressed(request, lambda key: backups.restore(project, number, by=request.user, idempotency_key=key))
        return redirect("job", job_id=job.pk)
    context = {"project": project, "change": change, "backup": _row(change.backup), "form": form, "tab": "database"}
    return render(request, "panel/restore.html", context, status=422 if form.errors else 200)
