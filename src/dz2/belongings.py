"""What a project has, and loses when it is destroyed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from dz.errors import UserError
from dz2 import configs, databasefacts
from dz2.domains import listed
from dz2.models import Backup, BackupState, Layer, Project, ProjectDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """Sizes in bytes; ``database`` None where there is none, or its server does not say."""

    hostnames: tuple[str, ...]
    database: int | None
    releases: int
    stored: int  # of the bundles that a rollback can have
    backups: int
    has_data: bool  # a database, and with it a volume: its first deploy makes them
    variables: int  # that it was given


def of(project: Project, *, database: bool = True) -> Belongings:
    """Without ``database`` its server, which may be slow, is not asked."""
    config = configs.latest(project)
    layers = Layer.objects.filter(project=project, uploaded_at__isnull=False)
    return Belongings(
        hostnames=tuple(listed(project).values_list("hostname", flat=True)),
        database=_database_size(project) if database else None,
        releases=project.releases.count(),
        stored=layers.aggregate(all=Sum("size"))["all"] or 0,
        backups=Backup.objects.filter(project=project, state=BackupState.GOOD).count(),
        has_data=ProjectDatabase.objects.filter(project=project, ready_at__isnull=False).exists(),
        variables=len(config.names) if config else 0,
    )


def _database_size(project: Project) -> int | None:
    try:
        found = databasefacts.facts(project)
    except UserError:  # who asks is about to take it away, whatever its server says
        return None
    return int(found["size"]) if found else None
