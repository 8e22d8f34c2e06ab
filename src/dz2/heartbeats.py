"""A worker host's heartbeat: its row, its role's beside it, and its deployments'. Time is the database's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from dz.settings import WorkerSettings
from dz.tasklib.appserver.vitals import Vital
from dz2.models import AppServer, AppServerDeployment, DatabaseServer, DeploymentState, Host, ProjectRedis


def beat(
    settings: WorkerSettings,
    measured: Mapping[str, Any],
    *,
    started: bool = False,
    vitals: Mapping[str, Vital] | None = None,
) -> None:
    """Say that this host lives. ``measured``: columns of Host (load, memory, disk, pythons, sandbox, ...); ``vitals``:
    of an appserver's programs, by name."""
    values: dict[str, Any] = {**measured, "role": settings.role, "last_heartbeat": Now()}
    if started:
        values["started_at"] = Now()
    with transaction.atomic():
        host, _ = Host.objects.update_or_create(instance_id=settings.checked_instance(), defaults=values)
        if settings.role == "appserver":
            place = {"address": settings.address, "capacity": settings.capacity}
            AppServer.objects.update_or_create(host=host, defaults=place)
        if settings.role == "database":
            server = {"address": settings.postgres_address or settings.address, "port": settings.postgres_port}
            DatabaseServer.objects.update_or_create(instance_id=host.instance_id, defaults=server)
    if vitals:
        _tell(host, vitals)


def _tell(host: Host, vitals: Mapping[str, Vital]) -> None:
    """How each deployment is, and each project's own Redis."""
    there = AppServerDeployment.objects.filter(appserver__host=host).exclude(state=DeploymentState.STOPPED)
    _write(there.select_related("release"), vitals)
    _write(ProjectRedis.objects.filter(appserver__host=host), vitals)


def _write(there: QuerySet[Any], vitals: Mapping[str, Vital]) -> None:
    """A row that a step changes just now is told of the next time: nobody waits for another."""
    with transaction.atomic():
        free = there.select_for_update(of=("self",), skip_locked=True, no_key=True).order_by("pk")
        rows = [row for row in free if row.program in vitals]
        for row in rows:
            vital = vitals[row.program]
            row.memory = row.memory if vital.memory is None else vital.memory
            row.restarts += vital.ends
            row.detail = vital.detail[:200]
            row.started_at = None if vital.since is None else Now() - timedelta(seconds=vital.since)
            row.seen_at = Now()
        there.model._default_manager.bulk_update(rows, ["memory", "restarts", "detail", "started_at", "seen_at"])
