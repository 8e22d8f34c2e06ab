"""The door's part for deployments: where a release runs, what the proxy serves, and what goes away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from dz.errors import PlatformError
from dz.names import AppId, InstanceId
from dz.tasklib import records
from dz.tasklib.filled import wants_redis
from dz2 import appservers, commands, sitelog
from dz2.channels import RECONCILE, REROUTE, notify
from dz2.door import values
from dz2.door.base import Base
from dz2.door.statics import static_layers
from dz2.models import (
    AppServer,
    AppServerDeployment,
    Bundle,
    DeploymentState,
    Host,
    Layer,
    Project,
    ProjectDatabase,
    ProjectRedis,
    Release,
    ReleaseState,
    VirtualHostname,
)

NOT_STARTED = "not started:"
_HOST = "appserver__host__instance_id"


def deployments(**which: Any) -> QuerySet[AppServerDeployment]:
    """Rows fit for ``values.deployment``, the oldest first."""
    rows = AppServerDeployment.objects.select_related("release", "appserver__host")
    return rows.filter(**which).order_by("pk")


def _singles(**which: Any) -> QuerySet[AppServerDeployment]:
    """Schedulers of live releases that are still to be started."""
    live = {"release__state": ReleaseState.LIVE, "release__project__destroying_at": None, "port": None}
    return deployments(state=DeploymentState.WANTED, **live, **which)


def route_of(project: Project, release: Release | None) -> records.Route:
    """What the proxy serves once ``release`` is live; nothing for None, and of a project that goes."""
    if project.destroying_at is not None:
        release = None
    resting = project.deactivated_at is not None and release is not None and release.state == ReleaseState.LIVE
    answering = {"state": DeploymentState.HEALTHY, "port__isnull": False}
    routed = values.deployments(deployments(release=release, **answering)) if release else ()
    manifest = release.bundle.manifest if release and release.bundle else {}
    return records.Route(
        app_id=project.app_id,
        hostnames=values.hostnames(project),
        deployments=routed,
        release=release.number if release else None,
        static_url=manifest.get("static_url") or "/static/",
        static_layers=static_layers(project, release) if release and not resting else {},
        resting=resting,
    )


class Placing(Base):
    def appservers(self) -> tuple[records.Host, ...]:
        alive = Count("deployments", filter=~Q(deployments__state=DeploymentState.STOPPED))
        rows = AppServer.objects.select_related("host").annotate(alive=alive, now=Now()).order_by("pk")
        return tuple(
            records.Host(
                instance_id=InstanceId(row.host.instance_id),
                role=row.host.role,
                address=row.address,
                platform=row.host.platform,
                silent_for=_silence(row.host, row.now),
                load=row.host.load or 0.0,
                memory=row.host.memory or 0.0,
                disk=row.host.disk or 0.0,
                capacity=row.capacity,
                deployments=row.alive,
            )
            for row in rows
        )

    def home(self) -> str:
        host = appservers.home(self._project_number)
        return host.instance_id if host else ""

    def formation(self) -> Mapping[str, int]:
        return {str(name): int(count) for name, count in self._project().formation.items()}

    def place(self, host: str, *, ports: range, processes: Sequence[str] = ("web.1",)) -> records.Deployment:
        with self._fenced():
            release = self._own_release()
            if release is None:
                raise PlatformError("nothing to place: this job opened no release")
            rows = {row.process: row for row in deployments(release=release).exclude(state=DeploymentState.STOPPED)}
            if (first := rows.get(processes[0])) is not None:
                host = first.appserver.host.instance_id  # all of a release are together
            # Whoever else chooses a port of this host waits here; the host's row is its heartbeat's to lock.
            server = AppServer.objects.select_for_update(no_key=True, of=("self",)).get(host__instance_id=host)
            for process in processes:
                if process not in rows:
                    rows[process] = _placed(release, process, server, ports)
            return values.deployments(deployments(pk=rows[processes[0]].pk))[0]

    def at_another_port(self, deployment: int, *, ports: range) -> records.Deployment:
        with self._fenced():
            row = AppServerDeployment.objects.get(pk=deployment)
            server = AppServer.objects.select_for_update(no_key=True).get(pk=row.appserver_id)
            AppServerDeployment.objects.filter(pk=deployment).update(port=free_port(server, ports))
            if self._claimed is None:  # of a reconcile; else a later step of the job routes to it
                notify(REROUTE)
            return values.deployments(deployments(pk=deployment))[0]

    def deployments(self) -> tuple[records.Deployment, ...]:
        return values.deployments(deployments(release__job=self._job_number).exclude(state=DeploymentState.STOPPED))

    def healthy(self, deployment: int) -> None:
        with self._fenced():
            rows = AppServerDeployment.objects.filter(pk=deployment, state=DeploymentState.WANTED)
            rows.update(state=DeploymentState.HEALTHY)

    def not_started(self, deployment: int, why: str) -> None:
        with self._fenced():
            ended = {"state": DeploymentState.STOPPED, "stopped_at": Now(), "detail": f"{NOT_STARTED} {why}"[:200]}
            AppServerDeployment.objects.filter(pk=deployment, state=DeploymentState.WANTED).update(**ended)

    def singles(self) -> tuple[records.Deployment, ...]:
        return values.deployments(_singles(**{_HOST: self._host}))

    def before(self, deployment: records.Deployment) -> tuple[records.Deployment, ...]:
        older = {"release__project": deployment.app_id.number, "release__number__lt": deployment.release}
        return values.deployments(deployments(**older, port=None).exclude(state=DeploymentState.STOPPED))

    def stopped(self, deployment: int) -> None:
        with self._fenced():
            AppServerDeployment.objects.filter(pk=deployment).update(state=DeploymentState.STOPPED, stopped_at=Now())
            if self._claimed is None:  # of a reconcile: no step looks after a scheduler that waited for this
                project = Release.objects.values("project").filter(deployments=deployment)
                for host in set(_singles(release__project__in=project).values_list(_HOST, flat=True)):
                    notify(RECONCILE, host)

    def hostnames(self) -> tuple[str, ...]:
        return values.hostnames(self._project())

    def route(self, app_id: AppId | None = None) -> records.Route:
        if app_id is not None:
            project = Project.objects.get(pk=app_id.number)
            return route_of(project, project.live_release())
        own = self._own_release()
        project = self._project()
        return route_of(project, own if own and own.state != ReleaseState.FAILED else project.live_release())

    def switched(self) -> None:
        with self._fenced():
            release = self._own_release()
            if release is None:
                raise PlatformError("nothing to switch to: this job opened no release")
            if release.state == ReleaseState.LIVE:
                return
            Release.objects.filter(project=release.project, state=ReleaseState.LIVE).update(state=ReleaseState.RETIRED)
            Release.objects.filter(pk=release.pk).update(state=ReleaseState.LIVE, live_at=Now())
            if release.database:
                ProjectDatabase.objects.filter(project=release.project).update(name=release.database)
            Project.objects.filter(pk=release.project_id).update(deactivated_at=None)
            ProjectRedis.objects.filter(project=release.project).update(wanted=wants_own_redis(release))
            sitelog.mark(release)
            Bundle.objects.filter(project=release.project, releases=None).delete()  # was foreseen, and became another
            served = [DeploymentState.WANTED, DeploymentState.HEALTHY]
            older = deployments(release__project=release.project, release__state=ReleaseState.RETIRED)
            AppServerDeployment.objects.filter(pk__in=older.filter(state__in=served).values("pk")).update(
                state=DeploymentState.RETIRING
            )

    def retiring(self) -> tuple[records.Deployment, ...]:
        return values.deployments(deployments(release__project=self._project_number, state=DeploymentState.RETIRING))

    def unplace(self) -> tuple[records.Deployment, ...]:
        with self._fenced():
            rows = deployments(release__project=self._project_number).exclude(state=DeploymentState.STOPPED)
            keys = list(rows.values_list("pk", flat=True))
            AppServerDeployment.objects.filter(pk__in=keys).update(state=DeploymentState.RETIRING)
            return values.deployments(deployments(pk__in=keys))

    def rest(self) -> None:
        with self._fenced():
            project = self._project()
            Project.objects.filter(pk=project.pk, deactivated_at=None).update(deactivated_at=Now())
            runs = deployments(release__project=project, release__state=ReleaseState.LIVE).exclude(
                state=DeploymentState.STOPPED
            )
            AppServerDeployment.objects.filter(pk__in=runs.values("pk")).update(state=DeploymentState.RETIRING)
            commands.end_all(project)

    def begin_destroying(self) -> None:
        with self._fenced():
            project = self._project()
            Project.objects.filter(pk=project.pk, destroying_at=None).update(destroying_at=Now())
            commands.end_all(project)

    def forget(self) -> None:
        with self._fenced():
            project = self._project()
            sitelog.clear(project)
            VirtualHostname.objects.filter(project=project).delete()
            ProjectDatabase.objects.filter(project=project).delete()
            ProjectRedis.objects.filter(project=project).delete()
            Layer.objects.filter(project=project).delete()
            project.configs.update(variables=b"", names=[])
            Release.objects.filter(project=project, state=ReleaseState.LIVE).update(state=ReleaseState.RETIRED)
            Release.objects.filter(project=project).update(config=None)
            gone = {"destroying_at": Coalesce("destroying_at", Now()), "destroyed_at": Now()}
            Project.objects.filter(pk=project.pk).update(**gone, deploy_key=None, secret_key=None)


def _placed(release: Release, process: str, server: AppServer, ports: range) -> AppServerDeployment:
    """Its row, new or again; only web listens."""
    wanted = {"appserver": server, "address": server.address, "state": DeploymentState.WANTED, "detail": ""}
    port = free_port(server, ports) if process.startswith("web.") else None
    row, _ = AppServerDeployment.objects.update_or_create(
        release=release, process=process, defaults=wanted | {"port": port, "stopped_at": None}
    )
    return row


def wants_own_redis(release: Release) -> bool:
    return wants_redis(release.build_config, release.config.names if release.config else ())


def free_port(server: AppServer, ports: range) -> int:
    used = set(
        AppServerDeployment.objects.filter(appserver=server)
        .exclude(state=DeploymentState.STOPPED)
        .values_list("port", flat=True)
    )
    used |= set(ProjectRedis.objects.filter(appserver=server).values_list("port", flat=True))
    port = next((one for one in ports if one not in used), None)
    if port is None:
        raise PlatformError(f"every port of {ports.start}-{ports.stop - 1} is taken on {server.host.instance_id}")
    return port


def _silence(host: Host, now: Any) -> float:
    return float("inf") if host.last_heartbeat is None else (now - host.last_heartbeat).total_seconds()
