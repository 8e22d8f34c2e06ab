"""The door's part for reconcile: what should be on a host, over all projects."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Q

from dz.names import AppId
from dz.tasklib import records
from dz2.door import ownredis, values
from dz2.door.base import Base, kept_releases, projects_at_work, secret_key_of
from dz2.door.placing import deployments, route_of, wants_own_redis
from dz2.models import DeploymentState, Layer, Project, ProjectDatabase, Release, ReleaseState


class Hosts(Base):
    def wanted_on(self, host: str) -> tuple[records.Deployment, ...]:
        wanted = [DeploymentState.WANTED, DeploymentState.HEALTHY, DeploymentState.RETIRING]
        rows = deployments(appserver__host__instance_id=host, state__in=wanted)
        return values.deployments(rows.exclude(_unwanted()))

    def unwanted_on(self, host: str) -> tuple[records.Deployment, ...]:
        return values.deployments(
            deployments(appserver__host__instance_id=host).exclude(state=DeploymentState.STOPPED).filter(_unwanted())
        )

    def running(self, deployment: int) -> records.Running:
        row = deployments(pk=deployment).get()
        release = Release.objects.select_related("project", "config", "bundle").get(pk=row.release_id)
        project = release.project
        database = values.database(ProjectDatabase.objects.select_related("server").get(project=project))
        assert release.bundle is not None, "a release is placed after it was built"
        return records.Running(
            deployment=values.deployment(row),
            bundle=values.bundle(release.bundle),
            release=values.release(release),
            database=replace(database, name=release.database or database.name),
            secret_key=secret_key_of(project),
            hostnames=values.hostnames(project),
            redis=ownredis.of(project.pk, row.appserver.host.instance_id) if wants_own_redis(release) else None,
        )

    def routes(self) -> tuple[records.Route, ...]:
        live = Project.objects.filter(destroying_at=None, releases__state=ReleaseState.LIVE).order_by("pk")
        return tuple(route_of(project, project.live_release()) for project in live)

    def databases(self, server: str) -> tuple[records.Database, ...]:
        rows = ProjectDatabase.objects.select_related("server").filter(
            server__instance_id=server, ready_at__isnull=False, project__destroying_at=None
        )
        return tuple(values.database(row) for row in rows.order_by("pk"))

    def layers_in_use(self, app_id: AppId) -> frozenset[tuple[str, str]]:
        """Kind and key of each layer that a live, building or kept release of the project needs."""
        needed = kept_releases(app_id.number)
        rows = Layer.objects.filter(bundles__releases__in=needed).values_list("kind", "key")
        return frozenset((str(kind), str(key)) for kind, key in rows)

    def app_ids(self) -> frozenset[str]:
        numbers = Project.objects.filter(destroyed_at=None).values_list("pk", flat=True)
        return frozenset(str(AppId.of(number)) for number in numbers)


def _unwanted() -> Q:
    """Of a failed release or a project that is gone; or retiring, with no job left that would drain and stop it."""
    left_over = Q(state=DeploymentState.RETIRING) & ~Q(release__project__in=projects_at_work())
    failed = Q(release__state=ReleaseState.FAILED) | Q(state=DeploymentState.FAILED)
    return failed | Q(release__project__destroyed_at__isnull=False) | left_over
