"""Projects that rest: nothing of them runs, all that they have stays."""

from __future__ import annotations

from typing import Any

from dz.errors import UserError
from dz2 import engine, releases
from dz2.advancing import known
from dz2.models import Job, JobState, Project


def deactivate(project: Project, *, by: Any = None, idempotency_key: str | None = None) -> Job:
    """Take it off the proxy and stop it; what another one left half done is done. Raises ``project.rests``,
    ``release.none-live``."""
    releases.live(project)
    if half_done(project) is None:
        releases.refuse_resting(project)
    return engine.accept(known(None)["deactivate"], project, {}, by=by, idempotency_key=idempotency_key)


def half_done(project: Project) -> Job | None:
    """The job that put it to rest in zoomdb, and not in all of the world."""
    last = Job.objects.filter(project=project, kind="deactivate").order_by("pk").last()
    if project.deactivated_at is None or last is None or last.state not in JobState.terminal():
        return None
    return last if last.state != JobState.SUCCEEDED else None


def activate(project: Project, *, by: Any = None, idempotency_key: str | None = None) -> Job:
    """Make the live release run again, as a release of the same bundle with today's variables. Raises
    ``project.does-not-rest``."""
    releases.live(project)
    if project.deactivated_at is None:
        raise UserError("project.does-not-rest", name=project.name)
    params = {"why": "Activated"}
    return engine.accept(known(None)["activate"], project, params, by=by, idempotency_key=idempotency_key)
