"""Restores through the door to a real zoomdb: what they run on, and the files that are too many for a backup."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dz.errors import PlatformError
from dz.seams.dbserver.fake import FakeDatabaseServer
from dz.tasklib.build.layers import unpack
from dz.tasklib.folders import Folders
from tests.role.test_backups import ROWS, backed_up, claim, context, named, record, server, shop
from tests.role.test_zoomdb import door_of, hosts, j

__all__ = ["hosts", "j", "server", "shop"]  # fixtures

pytestmark = pytest.mark.usefixtures("hosts")


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
    (queue := folders.redis(shop.app_id)).mkdir()
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
    assert film.exists() and queue.is_dir()  # its Redis runs on through a restore, and is no volume of before


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


def test_a_backup_that_a_restore_overtakes_has_the_files_that_were_beside_its_dump(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from dz.tasklib.appserver.volumes import KIND, backup_volume
    from dz.tasklib.database.backups import backup_database
    from dz2 import backups, engine

    folders = Folders(tmp_path)
    (media := folders.volume(shop.app_id) / "media").mkdir(parents=True)
    first = with_files(backups.back_up(shop), tmp_path, server)
    (media / "of-then").touch()
    job = backups.back_up(shop)
    claimed = claim(job, "backup_database")
    told = backup_database(context(claimed, tmp_path, server))
    record(claimed, engine.Outcome(ended=engine.Ended.SUCCEEDED, result=told))
    restored(j, shop, first.number, tmp_path, server)
    (in_use(folders, shop) / "media/of-now").touch()
    backup_volume(context(claim(job, "backup_volume", "app-1"), tmp_path, server, backup_limit=1))
    stored = job.backup.objects_in_store[KIND]["name"]
    unpack(tmp_path / f"backups/{KIND}" / stored, tmp_path / "back")
    assert [one.name for one in (tmp_path / "back/media").iterdir()] == ["of-then"]


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


@pytest.mark.parametrize("kind", ["nightly_backup", "backup"])
def test_a_host_that_is_silent_for_long_costs_a_backup_its_files_alone_and_that_is_told(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path, kind: str
) -> None:
    from dz.tasklib.database.backups import backup_database, keep_backup
    from dz2 import backups, engine, ringing
    from dz2.api.data import backup_document
    from dz2.models import BackupState

    def silent_night() -> Any:
        job = backups.accept_due("03:00") if kind == "nightly_backup" else backups.back_up(shop)
        claimed = claim(job, "backup_database")
        told = backup_database(context(claimed, tmp_path, server))
        record(claimed, engine.Outcome(ended=engine.Ended.SUCCEEDED, result=told))
        silence("app-1", 700)
        assert ringing.lose_patience(600) == 0
        j.age(job, 61)
        assert ringing.lose_patience(600) == 1
        claimed = claim(job, "keep_backup")
        told = keep_backup(context(claimed, tmp_path, server, backups_nightly=1, backups_asked=1))
        record(claimed, engine.Outcome(ended=engine.Ended.SUCCEEDED, result=told))
        if kind == "nightly_backup":
            record(claim(job, "test_restore"), j.OK)
        job.refresh_from_db()
        assert (job.state, job.result["without_files"]) == ("succeeded", "app-1 has been silent for 10 min")
        return job

    filled(Folders(tmp_path), shop).write_text("short")
    whole = with_files(backups.back_up(shop), tmp_path, server)
    shop.backups.update(why=backups.NIGHTLY if kind == "nightly_backup" else backups.ASKED)
    made = backup_document(silent_night().backup)
    assert (made["state"], made["rows"], made["files_size"]) == ("good", 4, None)
    assert made["left_out"] == "without its files: app-1 has been silent for 10 min"
    assert shop.backups.get(number=made["backup"]).beside == shop.app_id
    if kind == "backup":
        silent_night()
        assert [one.number for one in backups.listed(shop)] == [3, 1], "the last one with files stays"
    whole.refresh_from_db()
    assert whole.state == BackupState.GOOD


def silence(host: str, seconds: float) -> None:
    from datetime import timedelta

    from django.db.models.functions import Now

    from dz2.models import Host

    Host.objects.filter(instance_id=host).update(last_heartbeat=Now() - timedelta(seconds=seconds))
