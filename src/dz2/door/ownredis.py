"""The door's part for a project's own Redis: its row, and where it should run."""

from __future__ import annotations

import secrets

from django.db.models import Q, QuerySet

from dz.tasklib import records
from dz2 import vault
from dz2.door import values
from dz2.door.base import Base, projects_at_work
from dz2.door.placing import free_port
from dz2.models import AppServer, ProjectRedis


class OwnRedis(Base):
    def redis(self, *, wanted: bool) -> records.Redis | None:
        if not wanted:
            return None
        with self._fenced():
            return values.redis(self._redis())

    def redis_here(self, *, wanted: bool, ports: range) -> records.Redis | None:
        if not wanted:
            return None
        with self._fenced():
            row, server = self._redis(), self._appserver()
            return self._moved(row, server, ports) if row.appserver_id != server.pk else values.redis(row)

    def redis_at_another_port(self, *, ports: range) -> records.Redis:
        with self._fenced():
            return self._moved(self._redis(), self._appserver(), ports)

    def redis_rests(self) -> bool:
        rests = Q(wanted=False) | Q(project__deactivated_at__isnull=False)
        return ProjectRedis.objects.filter(rests, project=self._project_number).exists()

    def redises_on(self, host: str) -> tuple[records.Redis, ...]:
        return tuple(values.redis(row) for row in awake_on(host).order_by("pk"))

    def _appserver(self) -> AppServer:
        """This host, locked: whoever else chooses a port of it waits here."""
        return AppServer.objects.select_for_update(no_key=True, of=("self",)).get(host__instance_id=self._host)

    def _moved(self, row: ProjectRedis, server: AppServer, ports: range) -> records.Redis:
        row.appserver, row.port = server, free_port(server, ports)
        row.save(update_fields=["appserver", "port"])
        return values.redis(row)

    def _redis(self) -> ProjectRedis:
        row = ProjectRedis.objects.filter(project=self._project_number).first()
        if row is None:
            project = self._project()
            password = vault.seal(project.app_id, vault.Name.REDIS_PASSWORD, secrets.token_hex(32))
            row = ProjectRedis.objects.create(project=project, password=password)
        return row


def awake_on(host: str) -> QuerySet[ProjectRedis]:
    """What is to run there."""
    rows = ProjectRedis.objects.filter(appserver__host__instance_id=host, project__destroying_at=None)
    awake = Q(wanted=True, project__deactivated_at=None) | Q(project__in=projects_at_work())
    return rows.filter(awake)


def of(project: int, host: str) -> records.Redis | None:
    """The project's, where it was placed on that host."""
    row = ProjectRedis.objects.filter(project=project, appserver__host__instance_id=host).first()
    return values.redis(row) if row else None
