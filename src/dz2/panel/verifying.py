"""The page of the verification form: shown from the latest check, sent to confirm and build."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from packaging.version import Version

from dz.tasklib import buildconfig
from dz.words import CERTAINTIES
from dz2 import configs, services
from dz2.api.silence import is_silent, silent_for
from dz2.api.waiting import missing_variables
from dz2.models import ConfigGuess, Host, Job, JobState, Project
from dz2.panel.pressing import pressed
from dz2.panel.problems import told
from dz2.verification import OTHER, Decided, Row, decide, rows


@login_required
@require_http_methods(["GET", "POST"])
@told
def form(request: HttpRequest, name: str) -> HttpResponse:
    project = services.find_project(name)
    checked = project.jobs.filter(kind="check_repo", state=JobState.SUCCEEDED).order_by("-pk").first()
    if checked is None:
        return redirect("project", name=name)
    guesses = list(ConfigGuess.objects.filter(job=checked))
    config = buildconfig.parse(project.build_config)
    shown, missing = rows(guesses, config, project.confirmed), missing_variables(project, guesses)
    if request.method != "POST":
        fresh = Decided(shown, [], config.text())
        context = _context(project, checked, fresh, missing)
        return render(request, "panel/form.html", context)
    decided = decide(request.POST.dict(), shown, missing, config)
    if decided.wrong:
        return render(request, "panel/form.html", _context(project, checked, decided, missing), status=422)
    return redirect("job", job_id=_build(request, project, decided).pk)


@transaction.atomic
def _build(request: HttpRequest, project: Project, decided: Decided) -> Job:
    """All or nothing: what was decided, the variables, the job."""
    if decided.keys:
        services.confirm(project, decided.keys)
    configs.leave_unset(project, decided.unset)
    beside = services.Beside(variables=decided.values)
    return pressed(request, lambda key: services.deploy(project.name, beside, idempotency_key=key, by=request.user))


def _context(project: Project, checked: Job, decided: Decided, missing: list[dict[str, Any]]) -> dict[str, Any]:
    asked = [row for row in decided.rows if row.asked]
    rest = [row for row in decided.rows if not row.asked]
    return {
        "project": project,
        "checked": checked,
        "asked": asked,
        "rest": rest,
        "sure": [(word, count) for word in CERTAINTIES if (count := sum(row.sure == word for row in rest))],
        "variables": decided.variables or missing,
        "count": len(asked) + len(missing),
        "text": decided.text,
        "text_error": decided.text_error,
        "errors": _summary(decided),
        "pythons": pythons(),
        "other": OTHER,
    }


def _summary(decided: Decided) -> list[tuple[str, str]]:
    """Every error with the id of its field."""
    found = [(f"env-{one.name}", one.error) for one in decided.variables if one.error]
    found += [(_field_id(row), error) for row in decided.rows for error in row.errors]
    return found + ([("zoombuild", decided.text_error)] if decided.text_error else [])


def _field_id(row: Row) -> str:
    return f"{row.name}-other" if row.choices else row.name


def pythons() -> list[str]:
    """The Pythons of build hosts that live, the newest first."""
    found: set[str] = set()
    for host in Host.objects.filter(role="build"):
        if not is_silent(silent_for(host.last_heartbeat)):
            found.update(host.pythons)
    return sorted(found, key=Version, reverse=True)
