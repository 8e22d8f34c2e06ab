"""A project's backups: which there are, and the jobs that make one, restore one, and test one each night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from dz.errors import UserError
from dz.log import get_logger
from dz2 import engine, releases, services
from dz2.advancing import known
from dz2.models import Backup, BackupState, Job, JobState, Project, ProjectDatabase, Release

ASKED, NIGHTLY, BEFORE_RESTORE, FINAL = "asked", "nightly", "before a restore", "final"
# Of a destroyed project: what stays of it for a while.
STAYS = Q(why=FINAL, state=BackupState.GOOD, finished_at__gt=Now() - timedelta(days=30))
SPREAD = 120  # minutes over which the nightly backups begin

log = get_logger()

# Projects whose night has begun and that have no nightly job since, the longest first; a project's own minute follows
# from its number.
_DUE = """
    WITH offsets AS (
        SELECT p.id, p.created_at, (%(minutes)s + p.id * 37 %% %(spread)s) * interval '1 minute' AS late
          FROM dz2_project p JOIN dz2_projectdatabase d ON d.project_id = p.id AND d.ready_at IS NOT NULL
         WHERE p.destroying_at IS NULL AND p.destroyed_at IS NULL AND p.deactivated_at IS NULL
           AND EXISTS (SELECT 1 FROM dz2_release r WHERE r.project_id = p.id AND r.state = 'live')
    ), nights AS (
        SELECT id, created_at, (date_trunc('day', now() AT TIME ZONE 'UTC' - late) + late) AT TIME ZONE 'UTC' AS began
          FROM offsets
    )
    SELECT n.id, n.began FROM nights n
     WHERE n.created_at < n.began
       AND NOT EXISTS (SELECT 1 FROM dz2_job j WHERE j.project_id = n.id AND j.kind = 'nightly_backup'
                        AND j.created_at >= n.began)
     ORDER BY n.began, n.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """What a restore would do: ``behind`` are the releases that went live since the backup was made."""

    backup: Backup
    live: Release
    behind: list[Release]


def accept_due(at: str) -> Job | None:
    """Begin the nightly backup whose time has come (``at``: HH:MM in UTC; '' for never), one at a time on the whole
    platform. Any number of dispatchers may ask. A project for which it can't begin is passed over: neither the others
    nor the dispatcher wait for it."""
    if not at or Job.objects.filter(kind="nightly_backup", state__in=[JobState.WAITING, JobState.RUNNING]).exists():
        return None
    minutes = int(at[:2]) * 60 + int(at[3:])
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"minutes": minutes, "spread": SPREAD})
        found = cursor.fetchall()
    for project_id, began in found:
        try:
            project, key = Project.objects.get(pk=project_id), f"night-{began:%Y-%m-%dT%H:%M}"
            return engine.accept(known(None)["nightly_backup"], project, {}, by="the platform", idempotency_key=key)
        except (OperationalError, InterfaceError):
            raise  # zoomdb itself: the dispatcher waits for it
        except UserError as error:
            log.info("backups.passed-over", project=project_id, error=error.id)  # it goes, since the query
        except Exception:
            log.exception("backups.bad-row", project=project_id)
    return None


def back_up(project: Project, *, by: Any = None, idempotency_key: str | None = None) -> Job:
    """A backup of now. Raises ``data.none``."""
    if not ProjectDatabase.objects.filter(project=project, ready_at__isnull=False).exists():
        raise UserError("data.none", name=project.name)
    return engine.accept(known(None)["backup"], project, {"why": ASKED}, by=by, idempotency_key=idempotency_key)


def restore(
    project: Project, number: int | None, *, first: bool = True, by: Any = None, idempotency_key: str | None = None
) -> Job:
    """A new release of the live bundle on the data of a backup. ``first``: today's data is backed up before, without
    which nothing happens; where that can't be, because a table or a host is broken, only a restore without it helps.
    Raises UserError."""
    releases.live(project)
    releases.refuse_resting(project)
    wanted = good(project, number).number
    params = {"restore": wanted, "why": f"Restore of backup {wanted}", "backup": first}
    return engine.accept(known(None)["restore"], project, params, by=by, idempotency_key=idempotency_key)


def restoring(project: Project, number: int | None) -> Restoring:
    """What ``restore`` would do. Raises UserError."""
    backup = good(project, number)
    since = project.releases.filter(live_at__gt=backup.created_at).order_by("-number")
    return Restoring(backup=backup, live=releases.live(project), behind=list(since))


def good(project: Project, number: int | None) -> Backup:
    """That backup, or the last one: good, so that it can be restored. Raises UserError."""
    found = listed(project)
    row = (found.filter(number=number) if number is not None else found.filter(state=BackupState.GOOD)).first()
    if row is None:
        what = f"backup {number}" if number is not None else "backup yet"
        raise UserError("data.no-backup", name=project.name, what=what)
    if row.state != BackupState.GOOD:
        detail = row.error or ("it is being made" if row.state == BackupState.RUNNING else "it failed")
        raise UserError("data.not-good", name=project.name, backup=row.number, detail=detail)
    return row


def listed(project: Project) -> QuerySet[Backup]:
    """The newest first, without those that are let go; of a destroyed project its last one, while it stays."""
    rows = Backup.objects.filter(project=project).exclude(state=BackupState.OLD).order_by("-number")
    return rows if project.destroyed_at is None else rows.filter(STAYS)


def of_an_earlier(project: Project) -> Backup | None:
    """The last backup of a destroyed project that had its name, while it stays: the name leads to ``project`` now."""
    rows = Backup.objects.filter(STAYS, project__name=project.name, project__destroyed_at__isnull=False)
    return rows.order_by("project", "number").last() if project.destroyed_at is None else None


def owner(name: str) -> Project:
    """The project of that name; where there is none, the last destroyed one whose last backup is still there."""
    return named(name) or services.find_project(name)


def named(name: str) -> Project | None:
    """The destroyed project whose last backup that name leads to."""
    gone = (
        Project.objects.filter(name=name, pk__in=Backup.objects.filter(STAYS).values("project")).order_by("pk").last()
    )
    return None if Project.objects.filter(name=name, destroyed_at=None).exists() else gone
