"""Which appserver a step runs on, as the rows tell at the moment when it becomes ready.

What a host that is gone still has is not waited for: its own reconcile takes it away when the host is back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now

from dz.tasklib.pipeline import APPSERVER, On
from dz2.models import AppServer, AppServerDeployment, Backup, DeploymentState, Host, Job, ReleaseState


def queue_for(job: Job, on: On) -> str | None:
    """The queue of the host where such a step of the job goes; None if there is nothing to do, or nobody to do it."""
    host = _host(job, on)
    return f"{APPSERVER}_{host.instance_id}" if host else None


def home(project_id: int | None) -> Host | None:
    """Where the project runs, or ran last: its files are there."""
    ran = _deployments(project_id).filter(release__live_at__isnull=False)
    return _first(ran.order_by("-release__live_at", "pk"))


def _host(job: Job, on: On) -> Host | None:
    rows = _deployments(job.project_id)
    own = rows.filter(release__job=job, state__in=[DeploymentState.WANTED, DeploymentState.HEALTHY])
    heard = rows.filter(appserver__host__last_heartbeat__gt=_lately())
    match on:
        case On.ANY:
            return _best_for(job.project_id)
        case On.PLACED:
            return _first(own)
        case On.BESIDE:
            return _first(own.filter(port=None))
        case On.LIVE:
            return _first(rows.filter(release__state=ReleaseState.LIVE, state=DeploymentState.HEALTHY))
        case On.RETIRING:
            return _first(heard.filter(state=DeploymentState.RETIRING))
        case On.LEFT:
            return _first(heard.exclude(state=DeploymentState.STOPPED))
        case On.FILES:  # where the job began no backup, whoever has them is not waited for
            return home(job.project_id) if Backup.objects.filter(job=job).exists() else None


def _deployments(project_id: int | None) -> QuerySet[AppServerDeployment]:
    rows = AppServerDeployment.objects.select_related("appserver__host")
    return rows.filter(release__project=project_id).order_by("pk")


def _first(rows: QuerySet[AppServerDeployment]) -> Host | None:
    found = rows.first()
    return found.appserver.host if found else None


def _best_for(project_id: int | None) -> Host | None:
    """One that lives before one that is gone, and best the one where the project runs."""
    runs = Count("deployments", filter=Q(deployments__release__project=project_id, deployments__state="healthy"))
    fresh = ExpressionWrapper(Q(host__last_heartbeat__gt=_lately()), BooleanField())
    rows = AppServer.objects.annotate(runs=runs, fresh=fresh).select_related("host")
    found = rows.order_by("-fresh", "-runs", "pk").first()
    return found.host if found else None


def _lately() -> Any:
    """A host that told of itself since then counts as live."""
    return Now() - timedelta(seconds=settings.DZ_GONE)
