"""A worker host's heartbeat: its row, and its role's beside it. Time is the database's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from dz.settings import WorkerSettings
from dz2.models import AppServer, DatabaseServer, Host


def beat(settings: WorkerSettings, measured: Mapping[str, Any], *, started: bool = False) -> None:
    """Say that this host lives. ``measured``: columns of Host (load, memory, disk, pythons, sandbox, ...)."""
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
