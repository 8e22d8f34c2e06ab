"""What the documents of jobs tell beside the jobs' own rows: asked of zoomdb at once, for however many jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Exists, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber

from dz2.models import AppServerDeployment, Job, JobLog, JobState, JobStep, LogKind, Release, ReleaseState
from dz2.models import VirtualHostname as Hostname
from dz2.terminals import KIND

MOST_WARNINGS = 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of one job. ``release``: that it made; ``running``: what visitors of its project meet now; ``given``: the
    project's own hostname; ``warnings``: of its log, once it has ended; ``adminless``: since it succeeded nobody may
    enter the admin."""

    release: Release | None
    running: Release | None
    given: Hostname | None
    steps: Sequence[JobStep]
    deployments: Sequence[AppServerDeployment]
    warnings: Sequence[str]
    adminless: bool


def of(jobs: Sequence[Job]) -> list[Facts]:
    """In their order."""
    projects = {job.project_id for job in jobs if job.project_id is not None}
    releases = {one.job_id: one for one in Release.objects.filter(job__in=jobs)}
    live = Release.objects.filter(project__in=projects, state=ReleaseState.LIVE, project__deactivated_at=None)
    running = {one.project_id: one for one in live}
    given = {one.project_id: one for one in Hostname.objects.filter(project__in=projects).order_by("-pk")}
    steps = _each((one.job_id, one) for one in JobStep.objects.filter(job__in=jobs).order_by("position"))
    web = AppServerDeployment.objects.select_related("appserver__host").filter(port__isnull=False)
    deployments = _each((one.release_id, one) for one in web.filter(release__job__in=jobs).order_by("pk"))
    warnings, adminless = _warnings(jobs), _adminless(jobs)
    return [
        Facts(
            release=(release := releases.get(job.pk)),
            running=running.get(job.project_id) if job.project_id else None,
            given=given.get(job.project_id) if job.project_id else None,
            steps=steps[job.pk],
            deployments=deployments[release.pk] if release else (),
            warnings=list(dict.fromkeys(warnings[job.pk])),
            adminless=job.pk in adminless,
        )
        for job in jobs
    ]


def _each(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _warnings(jobs: Sequence[Job]) -> dict[int, list[str]]:
    """The first of each: a worker that is not started, a value that was not as declared."""
    ended = [job.pk for job in jobs if job.finished_at]
    told = JobLog.objects.filter(job__in=ended, level="warning", kind=LogKind.NOTE)
    first = told.annotate(place=Window(RowNumber(), partition_by="job", order_by="seq")).filter(
        place__lte=MOST_WARNINGS
    )
    return _each(first.order_by("job", "seq").values_list("job_id", "text"))


def _adminless(jobs: Sequence[Job]) -> set[int]:
    """Those after which nobody may enter the site's admin: as migrate learned it, in an earlier job where this one left
    it out. A command since then may have let somebody in, so that nobody knows any more."""
    succeeded = [job.pk for job in jobs if job.state == JobState.SUCCEEDED]  # who follows one that runs asks again
    if not succeeded:
        return set()
    before = Job.objects.filter(project=OuterRef("project"), pk__lte=OuterRef("pk"))
    learned = before.filter(result__adminless__in=[True, False]).order_by("-pk")
    entered = before.filter(kind=KIND, state=JobState.SUCCEEDED, finished_at__gt=OuterRef("since"))
    rows = Job.objects.filter(pk__in=succeeded).annotate(
        found=Subquery(learned.values("result__adminless")[:1]), since=Subquery(learned.values("created_at")[:1])
    )
    rows = rows.annotate(entered=Exists(entered))
    return {pk for pk, found, entered in rows.values_list("pk", "found", "entered") if found and not entered}
