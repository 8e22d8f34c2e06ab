"""Releases: the list, what lies between one of them and what is live, and the way back to it."""

from __future__ import annotations

import difflib
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from dz2 import releases, services
from dz2.models import Release, ReleaseState
from dz2.panel.pressing import posted, pressed
from dz2.panel.problems import told

PER_PAGE = 30
UNSURE = "Say that the migrations stay applied, then roll back."


@login_required
@require_GET
@told
def listing(request: HttpRequest, name: str) -> HttpResponse:
    project, before = services.find_project(name), request.GET.get("before", "")
    rows = project.releases.select_related("bundle", "config", "job").order_by("-number")
    if before.isdecimal() and len(before) < 10:
        rows = rows.filter(number__lt=int(before))
    found = list(rows[: PER_PAGE + 1])
    shown = [{"release": one, "back": _can_go_back(one)} for one in found[:PER_PAGE]]
    older = found[PER_PAGE - 1].number if len(found) > PER_PAGE else None
    context = {"project": project, "rows": shown, "older": older, "tab": "releases"}
    return render(request, "panel/releases.html", context)


def _can_go_back(one: Release) -> bool:
    return one.state == ReleaseState.RETIRED and one.live_at is not None and releases.is_stored(one)


@login_required
@require_http_methods(["GET", "POST"])
@told
def between(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """The verdict, and the button below it; a migration between has to be agreed to."""
    project = services.find_project(name)
    to = releases.rollable(project, number)
    if to.state == ReleaseState.LIVE:
        return redirect("releases", name=name)
    asked = request.POST if request.method == "POST" else request.GET
    with_config = "with_config" in asked
    change = releases.between(project, to, with_config=with_config)
    wrong = request.method == "POST" and bool(change.migrations) and "agreed" not in asked
    if request.method == "POST" and not wrong:
        return redirect("job", job_id=_rolled_back(request, change, with_config).pk)
    context = {
        "project": project,
        "change": change,
        "verdict": verdict(change, with_config=with_config),
        "with_config": with_config,
        "same": releases.runs_as(to, change.live, with_config=with_config),
        "command": f"dz rollback {name} {number}{' --with-config' if with_config else ''}",
        "build_config": _lines(change),
        "errors": [("agreed", UNSURE)] if wrong else [],
        "tab": "releases",
    }
    return render(request, "panel/between.html", context, status=422 if wrong else 200)


def _rolled_back(request: HttpRequest, change: releases.Between, with_config: bool) -> Any:
    return pressed(
        request,
        lambda key: releases.rollback(
            change.to.project,
            change.to.number,
            with_config=with_config,
            by=request.user,
            idempotency_key=key,
        ),
    )


@login_required
@posted("project")
@told
def restart(request: HttpRequest, name: str) -> HttpResponse:
    project = services.find_project(name)
    job = pressed(request, lambda key: releases.restart(project, by=request.user, idempotency_key=key))
    return redirect("job", job_id=job.pk)


def verdict(change: releases.Between, *, with_config: bool) -> str:
    """One sentence: code, variables, database."""
    count = len(change.commits)
    commits = f"{'brings' if change.forward else 'undoes'} {count} commit{'' if count == 1 else 's'}"
    code = commits if count else "runs the same code"
    taken = (
        "takes the variables of then" if with_config else "takes today's variables, which what is live does not have"
    )
    config = taken if change.comes else "leaves the variables"
    number = len(change.migrations)
    stay = f"{number} migration{'' if number == 1 else 's'} applied that its code does not know"
    database = f"leaves {stay}" if number else "needs no database change"
    return f"Rolling {'forward' if change.forward else 'back'} to {change.to.number} {code}, {config}, {database}."


def _lines(change: releases.Between) -> list[str]:
    """How the two were built differently: lines of zoombuild.cfg, with + and -."""
    now, then = change.live.build_config.splitlines(), change.to.build_config.splitlines()
    return [line for line in difflib.ndiff(now, then) if line[:1] in "+-"]
