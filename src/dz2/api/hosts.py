"""The network as its heartbeats tell it, for ``dz status`` and the panel."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from dz2.accounts import panel
from dz2.api.silence import is_silent, silent_for
from dz2.api.waiting import waits_for
from dz2.models import AppServer, Host, Job, JobState, Project, ReleaseState

NOT_STOPPED = ~Q(deployments__state__in=["stopped", "failed"])


def status_document() -> dict[str, Any]:
    """Hosts, appservers, waiting jobs and how many projects are live."""
    waiting = Job.objects.filter(state__in=[JobState.WAITING, JobState.RUNNING]).select_related("project")
    told = [(job, waits_for(job)) for job in waiting.order_by("pk")]
    return {
        "url": panel().panel_url,
        "hosts": [host_document(host) for host in Host.objects.order_by("role", "instance_id")],
        "appservers": [appserver_document(row) for row in appservers()],
        "projects_live": Project.objects.filter(releases__state=ReleaseState.LIVE, deactivated_at=None).count(),
        "jobs_running": sum(job.state == JobState.RUNNING for job, _ in told),
        "jobs_waiting": [
            {"job": job.pk, "project": job.project.name if job.project else None, "waits_for": why}
            for job, why in told
            if why
        ],
    }


def host_document(host: Host) -> dict[str, Any]:
    silent = silent_for(host.last_heartbeat)
    return {
        "instance_id": host.instance_id,
        "role": host.role,
        "state": "silent" if is_silent(silent) else "ok",
        "silent_for": silent,
        "load": host.load,
        "memory": host.memory,
        "disk": host.disk,
        "disk_free": host.disk_free,
        "platform": host.platform,
        "sandbox": host.sandbox,
        "network": host.network,
        "pid": host.pid,
    }


def appservers() -> list[AppServer]:
    rows = AppServer.objects.select_related("host").annotate(running=Count("deployments", filter=NOT_STOPPED))
    return list(rows.order_by("host__instance_id"))


def appserver_document(row: AppServer) -> dict[str, Any]:
    running: int = row.running  # type: ignore[attr-defined]
    return host_document(row.host) | {"address": row.address, "capacity": row.capacity, "deployments": running}
