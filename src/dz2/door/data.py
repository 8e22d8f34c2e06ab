"""The door's part for backups: their rows, and the database that a restored release runs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Now

from dz.errors import PlatformError
from dz.tasklib import records
from dz2 import backups
from dz2.door import values
from dz2.door.base import Base
from dz2.models import Backup, BackupState, Job, JobState, Project, ProjectDatabase, Release

KINDS = ("database", "volume")


class Data(Base):
    def begin_backup(self, why: str) -> records.Backup | None:
        with self._fenced():
            if (row := self._own_backup()) is not None:
                return values.backup(row)
            attempt, project = self._attempt(), self._project()
            why = WHY.get(attempt.kind, why)
            database = ProjectDatabase.objects.filter(project=project, ready_at__isnull=False)
            made = project.backups.filter(why=backups.FINAL, state=BackupState.GOOD)  # by a destroy that failed later
            if not database.exists() or not attempt.params.get("backup", True) or made.exists():
                return None
            last = project.backups.aggregate(last=Max("number"))["last"] or 0
            live = project.live_release()
            row = Backup.objects.create(
                project=project,
                job_id=attempt.job_id,
                number=last + 1,
                why=why[:40],
                release=live.number if live else None,
            )
            return values.backup(row)

    def begun_backup(self) -> records.Backup | None:
        row = self._own_backup()
        return values.backup(row) if row else None

    def backup(self) -> records.Backup:
        return values.backup(self._backup())

    def backup_stored(self, kind: str, stored: records.Stored, rows: Mapping[str, int] | None = None) -> None:
        with self._fenced():
            row = self._backup()
            row.objects_in_store = {**row.objects_in_store, kind: asdict(stored)}
            row.size = sum(one["size"] for one in row.objects_in_store.values())
            if rows is not None:
                row.rows = dict(rows)
            row.save(update_fields=["objects_in_store", "size", "rows"])

    def files_left_out(self, why: str, beside: str) -> None:
        with self._fenced():
            Backup.objects.filter(pk=self._backup().pk).update(error=why[:500], beside=beside)

    def files_beside(self) -> frozenset[str]:
        rows = self._project().backups.filter(state__in=[BackupState.RUNNING, BackupState.GOOD])
        return frozenset(rows.exclude(beside="").values_list("beside", flat=True))

    def keep_backup(self, *, nightly: int, others: int) -> None:
        with self._fenced():
            row = self._own_backup()
            if row is None:
                return
            if "database" not in row.objects_in_store:
                raise PlatformError("a backup without its dump is none")
            Backup.objects.filter(pk=row.pk, state=BackupState.RUNNING).update(
                state=BackupState.GOOD, finished_at=Now()
            )
            good = Backup.objects.filter(project=row.project, state=BackupState.GOOD).order_by("-number")
            good = good.exclude(number__in=[*_being_restored(row.project), *_last_files(good)])
            nights = good.filter(why=backups.NIGHTLY)
            tested, untested = nights.filter(tested_at__isnull=False), nights.filter(tested_at=None)
            # A night's backup that is not tested yet takes no tested one's place.
            for which, kept in ((tested, nightly), (untested, nightly), (_others(good), others)):
                old = list(which.values_list("pk", flat=True))[kept:]
                Backup.objects.filter(pk__in=old).update(state=BackupState.OLD)

    def backup_tested(self) -> None:
        with self._fenced():
            Backup.objects.filter(pk=self._backup().pk).update(tested_at=Now())

    def backup_is_bad(self, why: str) -> None:
        with self._fenced():
            error = f"it can't be restored: {why}"[:500]
            Backup.objects.filter(pk=self._backup().pk).update(state=BackupState.FAILED, error=error)

    def wanted_backup(self) -> records.Backup:
        return values.backup(backups.good(self._project(), int(self._attempt().params["restore"])))

    def new_database(self) -> records.Database:
        release = Release.objects.get(job=self._job_number)
        row = ProjectDatabase.objects.select_related("server").get(project=release.project)
        return replace(values.database(row), name=release.database)

    def backups_to_clear(self, kind: str) -> tuple[records.Backup, ...]:
        gone = Q(project__destroyed_at__isnull=False) & ~backups.STAYS
        over = Q(state__in=[BackupState.FAILED, BackupState.OLD]) | gone
        rows = Backup.objects.filter(over).exclude(state=BackupState.RUNNING).order_by("pk")
        return tuple(values.backup(row) for row in rows if kind not in row.cleared)

    def backup_cleared(self, backup: int, kind: str) -> None:
        with self._fenced():
            row = Backup.objects.select_for_update().get(pk=backup)
            row.cleared = sorted({*row.cleared, kind})
            row.save(update_fields=["cleared"])
            kept = row.state == BackupState.FAILED and row.project.destroyed_at is None  # it is shown, with its reason
            if len(row.cleared) == len(KINDS) and not kept:
                row.delete()

    def _own_backup(self) -> Backup | None:
        return Backup.objects.filter(job=self._job_number).first()

    def _backup(self) -> Backup:
        if (row := self._own_backup()) is None:
            raise PlatformError("this job began no backup")
        return row


WHY = {"nightly_backup": backups.NIGHTLY, "restore": backups.BEFORE_RESTORE, "destroy": backups.FINAL}


def _being_restored(project: Project) -> list[int]:
    """Numbers that a restore still wants: its own first backup is one more, and must not push the wanted one out."""
    jobs = Job.objects.filter(project=project, kind="restore").exclude(state__in=JobState.terminal())
    return [int(params["restore"]) for params in jobs.values_list("job_params", flat=True)]


def _last_files(good: QuerySet[Backup]) -> list[int]:
    """While the newest are without the files, the last one that has them: the host that is silent may never be back."""
    last = good.filter(objects_in_store__has_key="volume").values_list("number", "pk").first()
    return [last[0]] if last and good.exclude(error="").filter(number__gt=last[0]).exists() else []


def _others(good: QuerySet[Backup]) -> QuerySet[Backup]:
    return good.exclude(why__in=[backups.NIGHTLY, backups.FINAL])
