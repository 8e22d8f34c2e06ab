"""Who a door belongs to, and the fence that every write passes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from dz.errors import LostLease, PlatformError
from dz.log import Secret
from dz2 import vault
from dz2.advancing import lock
from dz2.engine import Claimed
from dz2.models import Job, JobState, JobStep, Project, Release, ReleaseState, StepState

KEPT_LAST = 2


def secret_key_of(project: Project) -> Secret:
    """The project's own SECRET_KEY; made on the first call, and whoever comes first has made it."""
    if project.secret_key is None:
        made = vault.seal(project.app_id, vault.Name.SECRET_KEY, secrets.token_urlsafe(50))
        Project.objects.filter(pk=project.pk, secret_key=None, destroyed_at=None).update(secret_key=made)
        project.refresh_from_db(fields=["secret_key"])
    if project.secret_key is None:
        raise PlatformError("the project is destroyed")
    return vault.unseal(project.app_id, vault.Name.SECRET_KEY, project.secret_key)


def kept_releases(project_number: int) -> QuerySet[Release]:
    """Those whose layers stay: live, being built, those of the last other bundles that were live (a rollback can have
    them; however often one was released), and the very last whatever became of them (the next build is mostly made of
    the same)."""
    releases = Release.objects.filter(project=project_number)
    running = Q(state__in=[ReleaseState.LIVE, ReleaseState.BUILDING])
    now = releases.filter(running, bundle__isnull=False).values("bundle")
    old = releases.filter(state=ReleaseState.RETIRED, bundle__isnull=False).exclude(bundle__in=now).values("bundle")
    bundles = old.annotate(last=Max("number")).order_by("-last").values_list("bundle", flat=True)
    retired = Q(state=ReleaseState.RETIRED, bundle__in=[*bundles[: settings.DZ_KEPT_BUNDLES]])
    last = releases.order_by("-number").values_list("pk", flat=True)[:KEPT_LAST]
    return releases.filter(running | retired | Q(pk__in=[*last]))


def projects_at_work() -> QuerySet[Job, Any]:
    """Those that a running job changes: what its steps need there is not for reconcile to take away."""
    return Job.objects.filter(changes=True, state=JobState.RUNNING, project__isnull=False).values("project")


class Base:
    """``claimed`` None: a host's door, which speaks of no project in particular."""

    def __init__(self, claimed: Claimed | None, host: str) -> None:
        self._claimed = claimed
        self._host = host

    @contextmanager
    def _fenced(self) -> Iterator[None]:
        """A transaction in which this attempt holds the step; LostLease if another one does by now."""
        with transaction.atomic():
            if self._claimed is not None:
                lock(self._claimed.job_id, self._claimed.app_id)
                held = JobStep.objects.select_for_update(no_key=True).filter(
                    pk=self._claimed.step_id, attempt=self._claimed.attempt, state=StepState.RUNNING
                )
                if not held.exists():
                    raise LostLease(f"step {self._claimed.step_id} is not attempt {self._claimed.attempt}'s any more")
            yield

    @property
    def _job_number(self) -> int:
        return self._attempt().job_id

    @property
    def _project_number(self) -> int:
        app_id = self._attempt().app_id
        if app_id is None:
            raise PlatformError("this job has no project")
        return app_id.number

    def _attempt(self) -> Claimed:
        if self._claimed is None:
            raise PlatformError("this door has no job")
        return self._claimed

    def _project(self) -> Project:
        return Project.objects.get(pk=self._project_number)

    def _own_release(self) -> Release | None:
        """This job's release, if it opened one."""
        return Release.objects.select_related("project", "config", "bundle").filter(job=self._job_number).first()
