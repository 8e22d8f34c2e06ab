"""Backups through the door to a real zoomdb: when a night's is due, which are good, which go, what a restore runs on."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dz.errors import PlatformError, UserError
from dz.seams.dbserver.fake import FakeDatabaseServer
from dz.seams.sandbox.fake import Fake
from dz.settings import WorkerSettings
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders
from dz.tasklib.hosting import Seams
from dz.tasks.eventlog import EventLog
from tests.role.test_zoomdb import another_database_server, door_of, end, hosts, j, live

__all__ = ["hosts", "j"]  # fixtures

ROWS = {"public.note": 3, "public.tag": 1}
pytestmark = pytest.mark.usefixtures("hosts")


@pytest.fixture
def shop(j: Any) -> Any:
    return lived(j)


@pytest.fixture
def server(shop: Any) -> FakeDatabaseServer:
    from dz2.door.values import database
    from dz2.models import ProjectDatabase

    made = FakeDatabaseServer()
    made.create(database(ProjectDatabase.objects.get(project=shop)))
    made.rows[shop.app_id] = dict(ROWS)
    return made


def lived(j: Any) -> Any:
    """A project that has been live for three days."""
    from django.db.models.functions import Now

    from dz2.models import Project

    project = j.project()
    job, door, _ = live(j, project)
    door.database()
    door.database_ready()
    end(j, job, door)
    Project.objects.filter(pk=project.pk).update(created_at=Now() - timedelta(days=3))
    return project


def claim(job: Any, name: str, host: str = "db-1") -> Any:
    from dz2 import engine
    from dz2.models import JobStep

    row = JobStep.objects.get(job=job, name=name)
    claimed = engine.claim(row.pk, row.attempt, host=host, pid=1, lease=15)
    assert claimed is not None, (name, row.state)
    return claimed


def record(claimed: Any, outcome: Any) -> None:
    from dz2 import engine

    assert engine.record(claimed, outcome)


def context(claimed: Any, home: Path, server: FakeDatabaseServer | None, **more: Any) -> Context:
    sandbox: Any = Fake()
    settings: dict[str, Any] = {"home": home, "zoomdb_url": "", "keys_file": home, "role": "database"}
    return Context(
        job_id=claimed.job_id,
        step_id=claimed.step_id,
        attempt=claimed.attempt,
        step=claimed.step,
        params=claimed.params,
        results={},
        door=door_of(claimed, "db-1"),
        log=EventLog(claimed.step),
        settings=WorkerSettings(**settings, instance_id="db-1", **more),
        seams=Seams(sandbox=sandbox, dbserver=server),
        until=time.monotonic() + 60,
        stop=lambda: False,
    )


def backed_up(j: Any, job: Any, home: Path, server: FakeDatabaseServer, **more: Any) -> Any:
    """The job's steps up to the one that keeps it; the volume's has nothing to pack here. Returns the backup's row."""
    from dz.tasklib.database.backups import backup_database, keep_backup
    from dz2.models import Backup

    for name, run in (("backup_database", backup_database), ("backup_volume", None), ("keep_backup", keep_backup)):
        claimed = claim(job, name)
        if run is not None:
            run(context(claimed, home, server, **more))
        record(claimed, j.OK)
    return Backup.objects.get(job=job)


def test_each_night_has_one_backup_of_each_project_one_after_the_other(j: Any, shop: Any) -> None:
    from dz2 import backups
    from dz2.models import Project

    other, new, resting = lived(j), j.project(), lived(j)
    Project.objects.filter(pk=resting.pk).update(deactivated_at=resting.created_at)
    assert backups.accept_due("") is None
    seen = []
    for _ in range(2):
        job = backups.accept_due("03:00")
        assert job is not None
        assert backups.accept_due("03:00") is None  # not while one runs
        seen.append(job.project_id)
        record(claim(job, "backup_database"), j.FAILED)
        job.refresh_from_db()
        assert job.state == "failed"
    assert (set(seen), new.pk in seen) == ({shop.pk, other.pk}, False)
    assert backups.accept_due("03:00") is None  # not again before the next night, failed or not


def test_a_backup_is_good_only_once_it_is_kept_and_one_cut_short_never_is(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz.tasklib.database.backups import backup_database, clear_old
    from dz2 import backups, ringing
    from dz2.zoomdb import of_host

    cut = backups.back_up(shop)
    claimed = claim(cut, "backup_database")
    backup_database(context(claimed, tmp_path, server))
    objects = tmp_path / "backups/database" / shop.app_id
    assert [path.parent.name for path in objects.rglob("*.dump")] == ["1"]
    with pytest.raises(UserError, match="it is being made") as refused:
        backups.good(shop, 1)
    assert refused.value.id == "data.not-good"
    for death in range(ringing.MAX_DEATHS):  # its worker is killed, again and again
        if death:
            claim(cut, "backup_database")
        j.age(cut, 60)
        ringing.expire()
    cut.refresh_from_db()
    assert cut.state == "errored"
    with pytest.raises(UserError, match="died 5 times"):
        backups.good(shop, 1)
    with pytest.raises(UserError, match="no backup yet"):
        backups.good(shop, None)

    row = backed_up(j, backups.back_up(shop), tmp_path, server)
    assert (row.number, row.state, row.why, row.release, row.rows) == (2, "good", "asked", 1, ROWS)
    assert backups.good(shop, None) == row
    ctx: Any = context(claimed, tmp_path, None)
    object.__setattr__(ctx, "door", of_host("db-1"))
    clear_old(ctx, "database")
    assert [path.parent.name for path in objects.rglob("*.dump")] == ["2"]


def test_the_oldest_are_let_go_and_nightly_ones_never_push_out_those_that_were_asked_for(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz2 import backups, engine
    from dz2.advancing import known
    from dz2.zoomdb import of_host

    kept = {"backups_nightly": 2, "backups_asked": 1}
    backed_up(j, backups.back_up(shop), tmp_path, server, **kept)
    for _ in range(3):
        backed_up(j, engine.accept(known(None)["nightly_backup"], shop, {}), tmp_path, server, **kept)
    assert [(one.number, one.why) for one in backups.listed(shop)] == [(4, "nightly"), (3, "nightly"), (1, "asked")]
    door = of_host("app-1")
    assert [one.number for one in door.backups_to_clear("volume")] == [2]
    for kind in ("database", "volume"):
        door.backup_cleared(door.backups_to_clear(kind)[0].id, kind)
    assert shop.backups.filter(number=2).count() == 0


@pytest.mark.parametrize("harm", ["none", "truncated", "a table missing"])
def test_the_nightly_test_restores_into_a_scratch_database_and_a_bad_backup_is_offered_no_more(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path, harm: str
) -> None:
    from dz.tasklib.database.backups import test_restore as try_restore
    from dz2 import backups

    job = backups.accept_due("03:00")
    row = backed_up(j, job, tmp_path, server)
    stored = next((tmp_path / "backups/database").rglob("*.dump"))
    if harm == "truncated":
        stored.write_bytes(stored.read_bytes()[:-4])
    if harm == "a table missing":
        shop.backups.update(rows={**ROWS, "public.gone": 2})
    ctx = context(claim(job, "test_restore"), tmp_path, server)
    if harm == "none":
        try_restore(ctx)
        row.refresh_from_db()
        assert (row.state, row.tested_at is not None) == ("good", True)
    else:
        with pytest.raises(PlatformError) as raised:
            try_restore(ctx)
        assert raised.value.id == ("data.damaged" if harm == "truncated" else "data.differs")
        with pytest.raises(UserError, match="it can't be restored"):
            backups.good(shop, row.number)
    assert list(server.databases) == [shop.app_id]


def test_a_restore_fills_a_new_database_which_is_the_projects_with_the_switch_and_not_before(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz.tasklib.database.backups import restore_database
    from dz2 import backups
    from dz2.models import AppServerDeployment, Release
    from dz2.zoomdb import of_host

    backed_up(j, backups.back_up(shop), tmp_path, server)
    server.rows[shop.app_id] = {"public.note": 99}
    server.create(named(server, shop, f"{shop.app_id}_r1"))  # what the restore before left
    server.create(named(server, shop, f"{shop.app_id}_t9"))  # a nightly backup is being tested
    job = backups.restore(shop, None)
    before = backed_up(j, job, tmp_path, server, backups_asked=1)  # it would push out the one that is wanted
    assert (before.why, before.rows) == ("before a restore", {"public.note": 99})
    claimed = claim(job, "release", "app-1")
    door = door_of(claimed, "app-1")
    release = door.release_again()
    door.place("app-1", ports=range(21000, 21009))
    record(claimed, j.OK)
    new = f"{shop.app_id}_r{release.number}"
    restore_database(context(claim(job, "restore_database"), tmp_path, server))
    assert set(server.databases) == {shop.app_id, f"{shop.app_id}_t9", new}
    assert server.rows[new] == ROWS

    host = of_host("app-1")
    old, coming = (
        AppServerDeployment.objects.get(release=one) for one in Release.objects.filter(project=shop).order_by("number")
    )
    assert [host.running(one.pk).database.name for one in (old, coming)] == [shop.app_id, new]
    assert [one.name for one in host.databases("db-1")] == [shop.app_id]
    door = door_of(claim(job, "restore_volume", "app-1"), "app-1")
    door.switched()
    assert [one.name for one in host.databases("db-1")] == [new]
    assert host.running(coming.pk).database.name == new


def test_a_restore_whose_first_backup_cannot_be_made_names_the_way_on_without_it(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz.errors import Transient
    from dz.tasklib.database.backups import backup_database
    from dz2 import backups, ringing
    from dz2.models import Job

    backed_up(j, backups.back_up(shop), tmp_path, server)

    class Corrupt(FakeDatabaseServer):
        def dump(self, *_: Any, **__: Any) -> Any:
            raise Transient("pg_dump: invalid page in block 7", id="data.dump-failed")

    for act, id in (
        (backups.back_up, "data.dump-failed"),
        (partial(backups.restore, number=None), "data.not-backed-up"),
    ):
        job = act(shop)
        claimed = claim(job, "backup_database")
        with pytest.raises(Transient, match="invalid page") as refused:
            backup_database(context(claimed, tmp_path, Corrupt()))
        assert refused.value.id == id
        if job.kind == "backup":
            record(claimed, j.FAILED)
    backup_database(context(claimed, tmp_path, server))
    record(claimed, j.OK)
    ringing.lose_patience(0)  # nobody has the files
    job.refresh_from_db()
    assert (job.state, job.error["id"]) == ("errored", "data.not-backed-up")
    assert "--no-backup" in job.error["next"]

    claimed = claim(backups.restore(shop, None, first=False), "backup_database")
    assert backup_database(context(claimed, tmp_path, server)) == {}
    record(claimed, j.OK)
    record(claim(Job.objects.get(pk=claimed.job_id), "keep_backup"), j.OK)
    assert claim(Job.objects.get(pk=claimed.job_id), "release", "app-1")
    assert shop.backups.count() == 3


def with_files(job: Any, home: Path, server: FakeDatabaseServer) -> Any:
    """The job's backup, its volume packed too; one of more than 1 MB is too large. Returns the backup's row."""
    from dz.tasklib.appserver.volumes import backup_volume
    from dz.tasklib.database.backups import backup_database, keep_backup
    from dz2 import engine
    from dz2.models import Backup

    run = {"backup_database": backup_database, "backup_volume": backup_volume, "keep_backup": keep_backup}
    for name, work in run.items():
        claimed = claim(job, name, "app-1" if name == "backup_volume" else "db-1")
        told = work(context(claimed, home, server, backup_limit=1))
        record(claimed, engine.Outcome(ended=engine.Ended.SUCCEEDED, result=told))
    return Backup.objects.get(job=job)


def restored(j: Any, shop: Any, number: int, home: Path, server: FakeDatabaseServer) -> Any:
    """Back to that backup, until the switch. Returns the backup that was made before."""
    from dz.tasklib.appserver.volumes import restore_volume
    from dz2 import backups
    from dz2.models import ProjectDatabase

    job = backups.restore(shop, number)
    before = with_files(job, home, server)
    claimed = claim(job, "release", "app-1")
    door = door_of(claimed, "app-1")
    door.release_again()
    door.healthy(door.place("app-1", ports=range(21000, 21009)).id)
    record(claimed, j.OK)
    record(claim(job, "restore_database"), j.OK)
    claimed = claim(job, "restore_volume", "app-1")
    restore_volume(context(claimed, home, server))
    door_of(claimed, "app-1").switched()
    record(claimed, j.FAILED)
    server.rows[ProjectDatabase.objects.get(project=shop).name] = dict(ROWS)
    return before


def filled(folders: Folders, shop: Any) -> Path:
    """The project's first volume with a film that is far below the limit once it is packed, and too large before."""
    (media := folders.volume(shop.app_id) / "media").mkdir(parents=True, exist_ok=True)
    (film := media / "film").write_bytes(b"\0" * 3_000_000)
    return film


def in_use(folders: Folders, shop: Any) -> Path:
    from dz2.models import ProjectDatabase

    return folders.volume(shop.app_id, ProjectDatabase.objects.get(project=shop).name)


def test_a_volume_that_is_too_large_is_left_out_aloud_and_a_restore_without_it_leaves_todays_files_in_use(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz2 import backups
    from dz2.api.data import backup_document

    folders = Folders(tmp_path)
    film = filled(folders, shop)
    job = backups.back_up(shop)
    document = backup_document(with_files(job, tmp_path, server))
    assert (document["state"], document["files_size"], document["error"]) == ("good", None, None)
    assert "more than 1 MB (DZ_BACKUP_LIMIT)" in document["left_out"]
    job.refresh_from_db()
    assert "DZ_BACKUP_LIMIT" in job.result["without_files"]
    for _ in range(2):
        restored(j, shop, 1, tmp_path, server)
        assert in_use(folders, shop) == film.parents[1]
    assert [one.name for one in folders.volumes(shop.app_id)] == [shop.app_id, f"{shop.app_id}.r2", f"{shop.app_id}.r3"]
    assert film.exists()


def test_files_that_a_backup_left_out_lie_until_it_is_let_go_so_that_the_undo_of_a_restore_brings_them_back(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz2 import backups
    from dz2.models import BackupState

    folders = Folders(tmp_path)
    (folders.volume(shop.app_id) / "media").mkdir(parents=True)
    small = with_files(backups.back_up(shop), tmp_path, server)
    film = filled(folders, shop)
    before = restored(j, shop, small.number, tmp_path, server)
    assert (before.beside, "volume" in before.objects_in_store) == (shop.app_id, False)
    assert list((in_use(folders, shop) / "media").iterdir()) == []
    restored(j, shop, small.number, tmp_path, server)  # another one in between deletes nothing of it
    restored(j, shop, before.number, tmp_path, server)
    assert in_use(folders, shop) / "media/film" == film
    assert film.exists()

    restored(j, shop, small.number, tmp_path, server)
    assert film.exists()  # it was in use
    shop.backups.exclude(beside="").update(state=BackupState.OLD)
    restored(j, shop, small.number, tmp_path, server)
    assert not film.exists()


def test_where_the_volume_of_then_is_gone_a_restore_leaves_todays_files_in_use(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz2 import backups

    folders = Folders(tmp_path)
    film = filled(folders, shop)
    left = with_files(backups.back_up(shop), tmp_path, server)
    for beside in ("", f"{shop.app_id}_r77"):  # made before this was kept; on a host that the project left
        shop.backups.filter(pk=left.pk).update(beside=beside)
        restored(j, shop, left.number, tmp_path, server)
        assert in_use(folders, shop) / "media/film" == film


def test_a_destroy_whose_last_backup_would_be_without_the_files_ends_before_it_deletes_anything(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz.problems import told
    from dz.tasklib.appserver.volumes import backup_volume
    from dz.tasklib.database.backups import backup_database
    from dz2 import engine, services
    from dz2.models import JobStep

    filled(Folders(tmp_path), shop)
    job = services.destroy(shop.name)
    record(claim(job, "proxy_remove", "proxy-1"), j.OK)
    claimed = claim(job, "backup_database")
    backup_database(context(claimed, tmp_path, server))
    record(claimed, j.OK)
    claimed = claim(job, "backup_volume", "app-1")
    with pytest.raises(PlatformError) as refused:
        backup_volume(context(claimed, tmp_path, server, backup_limit=1))
    error = told(refused.value.id, detail=refused.value.detail)
    assert error["id"] == "data.too-big"
    assert "--no-backup" in error["next"]
    assert "DZ_BACKUP_LIMIT" in error["next"]
    record(claimed, engine.Outcome(ended=engine.Ended.ERRORED, error=error))
    job.refresh_from_db()
    assert (job.state, job.error["id"]) == ("errored", "data.too-big")
    assert JobStep.objects.get(job=job, name="undeploy").state == "skipped"
    assert shop.backups.get(job=job).state == "failed"

    again = services.destroy(shop.name, backup=False)
    record(claim(again, "proxy_remove", "proxy-1"), j.OK)
    for name in ("backup_database", "keep_backup"):
        record(claim(again, name), j.OK)
    assert claim(again, "undeploy", "app-1")


def test_one_long_step_runs_at_a_time_and_a_deploys_database_is_not_held_up_by_those_that_wait(
    j: Any, shop: Any
) -> None:
    from dz2 import backups, engine, ringing
    from dz2.models import JobStep

    def rung() -> list[tuple[int, str]]:
        return [(JobStep.objects.get(pk=one.step_id).job_id, one.name) for one in ringing.due_rings(again=10)]

    first, second = backups.back_up(shop), backups.back_up(lived(j))
    assert rung() == [(first.pk, "backup_database")]
    parked = claim(first, "backup_database")
    waiting = JobStep.objects.get(job=second, name="backup_database")
    assert engine.claim(waiting.pk, waiting.attempt, host="db-1", pid=1, lease=15) is None  # a message from before
    deploy = j.accept(j.project())
    j.do(deploy, "build_bundle")
    assert sorted(rung()) == [(deploy.pk, "bundle_upload"), (deploy.pk, "create_database")]
    j.do(deploy, "create_database")
    record(parked, j.OK)
    assert (second.pk, "backup_database") in rung()
    assert claim(second, "backup_database")


def named(server: FakeDatabaseServer, shop: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(server.databases[shop.app_id], name=name)


def test_a_destroy_leaves_a_last_backup_for_30_days_unless_refused(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from django.db.models.functions import Now

    from dz2 import backups, services
    from dz2.models import Project
    from dz2.zoomdb import of_host

    asked = backed_up(j, backups.back_up(shop), tmp_path, server)
    job = services.destroy(shop.name)
    record(claim(job, "proxy_remove", "proxy-1"), j.OK)
    final = backed_up(j, job, tmp_path, server)
    Project.objects.filter(pk=shop.pk).update(destroying_at=Now(), destroyed_at=Now())
    host = of_host("db-1")
    assert [one.number for one in host.backups_to_clear("database")] == [asked.number]
    shop.refresh_from_db()
    assert backups.owner(shop.name) == shop
    assert list(backups.listed(shop)) == [final]
    shop.backups.filter(pk=final.pk).update(finished_at=Now() - timedelta(days=31))
    assert [one.number for one in host.backups_to_clear("database")] == [asked.number, final.number]
    with pytest.raises(UserError, match="no project"):
        backups.owner(shop.name)
    for kind in ("database", "volume"):
        for one in host.backups_to_clear(kind):
            host.backup_cleared(one.id, kind)
    assert not shop.backups.exists()

    refusing = lived(j)
    job = services.destroy(refusing.name, backup=False)
    record(claim(job, "proxy_remove", "proxy-1"), j.OK)
    from dz.tasklib.database.backups import backup_database

    assert backup_database(context(claim(job, "backup_database"), tmp_path, server)) == {}
    assert not refusing.backups.exists()


def test_another_database_host_hands_the_dump_back(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz.errors import Transient
    from dz.tasklib.database.backups import backup_database
    from dz2 import backups
    from dz2.models import DatabaseServer, ProjectDatabase

    another_database_server("db-2")
    ProjectDatabase.objects.update(server=DatabaseServer.objects.get(instance_id="db-2"))
    with pytest.raises(Transient, match="on db-2, and this is db-1"):
        backup_database(context(claim(backups.back_up(shop), "backup_database"), tmp_path, server))
