"""A project's formation: how many of each kind of process run. It belongs to the project, whatever release is live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from dz.errors import UserError
from dz.tasklib.appserver import processes
from dz.words import listing
from dz2 import releases
from dz2.advancing import hold, is_busy
from dz2.models import AppServerDeployment, Job, Project


def kinds(project: Project) -> dict[str, str]:
    """Every kind of process and its line, of what is live, else of the build config; web is the platform's own."""
    live = project.live_release()
    config = live.build_config if live else project.build_config
    return {processes.WEB: "", **processes.lines(config)}


def counts(project: Project) -> dict[str, int]:
    """How many of each kind are wanted."""
    return {name: processes.count(name, line, project.formation) for name, line in kinds(project).items()}


def scale(
    project: Project, wanted: Mapping[str, int], *, by: Any = None, idempotency_key: str | None = None
) -> Job | None:
    """Want so many from now on; the job that makes a new release of what is live, if it runs otherwise.

    Raises UserError ``process.*``.
    """
    known = kinds(project)
    for name, number in wanted.items():
        _check(project, known, name, number)
    with transaction.atomic():
        hold(project)
        project.refresh_from_db(fields=["formation"])
        project.formation = {**project.formation, **wanted}
        project.save(update_fields=["formation"])
    if project.deactivated_at is not None or (_runs_so(project) and not is_busy(project.pk)):
        return None
    why = "Scale " + " ".join(f"{name}={number}" for name, number in wanted.items())
    return releases.scale(project, why, by=by, idempotency_key=idempotency_key)


def _check(project: Project, known: Mapping[str, str], name: str, number: int) -> None:
    if name not in known:
        raise UserError("process.unknown", name=project.name, process=repr(name[:40]), known=listing(sorted(known)))
    if not 0 <= number <= processes.MOST:
        raise UserError("process.too-many", process=name, most=processes.MOST)
    if name == processes.WEB and number == 0:
        raise UserError("process.no-web", name=project.name)
    if number > 1 and processes.is_single(name, known[name]):
        raise UserError("process.single", name=project.name, process=name)


def _runs_so(project: Project) -> bool:
    """Whether the live release was placed in this formation already; nothing live runs in any."""
    live = project.live_release()
    if live is None:
        return True
    placed = AppServerDeployment.objects.filter(release=live).values_list("process", flat=True)
    return set(placed) == set(processes.of(live.build_config, project.formation))
