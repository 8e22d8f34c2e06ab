"""A project's settings: where it comes from, how many of each process run, and its end: to rest, or to be gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dz.errors import UserError
from dz2 import belongings, domains, formations, resting, services
from dz2.models import Job, Project
from dz2.panel.naming import Typed
from dz2.panel.pressing import posted, pressed
from dz2.panel.problems import told


@login_required
@require_http_methods(["GET", "POST"])
@told
def page(request: HttpRequest, name: str) -> HttpResponse:
    """A POST destroys the project. Its database is asked only with ``size``, by a script: it may be slow."""
    project = services.find_project(name)
    form = Typed(request.POST or None, name=project.name)
    if request.method == "POST" and form.is_valid():
        job = services.destroy(project.name, backup="no_backup" not in request.POST, by=request.user)
        return redirect("job", job_id=job.pk)
    return _shown(request, project, form=form)


@login_required
@posted("settings")
@told
def scale(request: HttpRequest, name: str) -> HttpResponse:
    """Only what differs is asked for; beside the numbers stands what can't be."""
    project = services.find_project(name)
    counts = formations.counts(project)
    sent = {kind: request.POST.get(f"count-{kind}", "").strip() for kind in counts}
    wrong = [kind for kind, text in sent.items() if not (text.isdecimal() and len(text) < 4)]
    if wrong:
        errors = [(f"count-{kind}", f"Give a number of {kind} processes, like 2.") for kind in wrong]
        return _shown(request, project, errors=errors, sent=sent)
    wanted = {kind: int(text) for kind, text in sent.items() if int(text) != counts[kind]}
    if not wanted:
        return redirect("settings", name=name)
    try:
        job = pressed(request, lambda key: formations.scale(project, wanted, by=request.user, idempotency_key=key))
    except UserError as error:
        return _shown(request, project, errors=[(f"count-{next(iter(wanted))}", str(error))], sent=sent)
    return redirect("job", job_id=job.pk) if job else redirect("settings", name=name)


@login_required
@posted("settings")
@told
def domain(request: HttpRequest, name: str) -> HttpResponse:
    """A domain is added, or with ``remove`` taken away: pressed twice, the second finds it so."""
    project, text = services.find_project(name), request.POST.get("domain", "")[:300]
    try:
        if "remove" in request.POST:
            job = domains.remove(project, text, by=request.user)
        else:
            job = domains.add(project, [text], by=request.user)
    except UserError as error:
        if error.id == "domain.not-found":
            return redirect("settings", name=name)
        return _shown(request, project, errors=[("domain", f"{error.brief} {error.next}")], domain=text)
    return redirect("job", job_id=job.pk) if job else redirect("settings", name=name)


@login_required
@posted("settings")
@told
def deactivate(request: HttpRequest, name: str) -> HttpResponse:
    return _job(request, name, resting.deactivate)


@login_required
@posted("settings")
@told
def activate(request: HttpRequest, name: str) -> HttpResponse:
    return _job(request, name, resting.activate)


def _job(request: HttpRequest, name: str, begin: Callable[..., Job]) -> HttpResponse:
    project = services.find_project(name)
    job = pressed(request, lambda key: begin(project, by=request.user, idempotency_key=key))
    return redirect("job", job_id=job.pk)


def _shown(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    sent, counts = more.pop("sent", {}), formations.counts(project)
    form, errors = more.pop("form", None) or Typed(name=project.name), more.pop("errors", [])
    context = {
        "project": project,
        "form": form,
        "errors": errors,
        "domains": domains.listed(project),
        "domain": more.pop("domain", ""),
        "formation": [
            {"kind": kind, "line": line, "count": sent.get(kind, counts[kind])}
            for kind, line in formations.kinds(project).items()
        ],
        "goes": belongings.of(project, database="size" in request.GET),
        "asked": "size" in request.GET,
        "live": project.live_release(),
        "tab": "settings",
    }
    return render(request, "panel/settings.html", context, status=422 if form.errors or errors else 200)
