"""Backups through the door to a real zoomdb: when a night's is due, which are good, which go."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dz.errors import PlatformError, Transient, UserError
from dz.seams.dbserver.fake import FakeDatabaseServer
from dz.seams.sandbox.fake import Fake
from dz.settings import WorkerSettings
from dz.tasklib.context import Context
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
        results=claimed.results,
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


@pytest.mark.parametrize("broken", [False, True])
def test_a_database_that_would_fill_the_disk_of_all_is_not_restored_and_one_that_is_broken_is(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path, broken: bool
) -> None:
    """Packed it is small; the projects' server has one disk for all of them."""
    from dz.tasklib.database.backups import test_restore as try_restore
    from dz2 import backups

    row = backed_up(j, backups.accept_due("03:00"), tmp_path, server)
    server.row_size = 10**15
    if broken:
        server.rows.pop(shop.app_id)

        def size(*_: Any) -> int:
            raise Transient("the database does not answer")

        server.size = size  # type: ignore[method-assign]
    ctx = context(claim(row.job, "test_restore"), tmp_path, server)
    if broken:
        try_restore(ctx)
    else:
        with pytest.raises(PlatformError, match="it takes about") as raised:
            try_restore(ctx)
        assert raised.value.id == "data.no-room"
    row.refresh_from_db()
    assert (row.state, row.tested_at is not None) == ("good", broken)
    assert list(server.databases) == [shop.app_id]


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
    return replace(server.databases[shop.app_id], name=name)


def test_a_destroy_leaves_a_last_backup_for_30_days_unless_refused(
    j: Any, shop: Any, server: FakeDatabaseServer, tmp_path: Path
) -> None:
    from django.db.models.functions import Now

    from dz2 import backups, services
    from dz2.api import documents
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
    again = Project.objects.create(name=shop.name, repo_url=shop.repo_url)
    left = documents._earlier(again)
    assert left is not None and left["backup"] == final.number
    assert backups.owner(shop.name) == again, "the name is the new one's"
    Project.objects.filter(pk=again.pk).update(destroyed_at=Now())
    assert backups.owner(shop.name) == shop
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
    from dz.tasklib.database.backups import backup_database, keep_backup

    log = Titled("destroy")
    ctx = replace(context(claim(job, "backup_database"), tmp_path, server), log=log)
    assert backup_database(ctx) == keep_backup(ctx) == {}
    assert log.titles == ["No backup, as asked", "No backup to keep"]
    assert not refusing.backups.exists()


class Titled(EventLog):
    titles: list[str] | None = None

    def title(self, text: str) -> None:
        self.titles = [*(self.titles or []), text]


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


def test_a_project_whose_night_cannot_begin_is_passed_over_and_ends_no_loop(
    j: Any, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is destroyed between the look and the job; one is what nobody foresaw."""
    from dz2 import backups, engine

    strange, other = lived(j), lived(j)
    accept = engine.accept

    def racing(pipeline: Any, project: Any, *rest: Any, **more: Any) -> Any:
        if project.pk == shop.pk:
            raise UserError("project.busy", name=shop.name, job=1)
        if project.pk == strange.pk:
            raise ValueError("a row of another version")
        return accept(pipeline, project, *rest, **more)

    monkeypatch.setattr(engine, "accept", racing)
    job = backups.accept_due("03:00")
    assert job is not None
    assert job.project == other
    record(claim(job, "backup_database"), j.FAILED)
    assert backups.accept_due("03:00") is None
