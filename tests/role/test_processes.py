"""A project's processes in zoomdb: placed together, one scheduler at a time, and told as they are."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from dz.errors import UserError
from dz.settings import WorkerSettings
from dz.tasklib.appserver.vitals import Vital
from tests.role.test_zoomdb import COMMIT, door_of, end, hosts, j
from tests.waiting import until

__all__ = ["hosts", "j"]

CONFIG = "[project]\nprocesses =\n    worker: celery -A shop worker\n    beat: celery -A shop beat\n"
ALL = ("web.1", "web.2", "worker.1", "beat.1")
PORTS = range(21000, 21009)
pytestmark = pytest.mark.usefixtures("hosts")


def built(j: Any, project: Any, config: str = CONFIG) -> tuple[Any, Any]:
    job = j.accept(project)
    door = door_of(j.claim(job, "build_bundle"), "app-1")
    door.open_release(commit=COMMIT, subject="s", branch="main", build_config=config)
    door.save_bundle(platform="linux", layers=[], manifest={})
    return job, door


def placed(door: Any, host: str = "app-1") -> dict[str, Any]:
    door.place(host, ports=PORTS, processes=ALL)
    return {one.process: one for one in door.deployments()}


def live(j: Any, project: Any, host: str = "app-1") -> tuple[Any, Any, dict[str, Any]]:
    """Live, its scheduler still to be started."""
    job, door = built(j, project)
    rows = placed(door, host)
    for process in ("web.1", "web.2", "worker.1"):
        door.healthy(rows[process].id)
    door.switched()
    return job, door, rows


def test_all_of_a_release_are_on_one_host_only_web_listens_and_only_web_is_led_to(j: Any) -> None:
    _, door = built(j, j.project())
    rows = placed(door)
    assert placed(door, "app-2") == rows  # asked again they stay where they are
    assert {name: (one.port, one.is_web) for name, one in rows.items()} == {
        "web.1": (21000, True),
        "web.2": (21001, True),
        "worker.1": (0, False),
        "beat.1": (0, False),
    }
    for one in rows.values():
        door.healthy(one.id)
    assert [d.process for d in door.route().deployments] == ["web.1", "web.2"]


def test_a_scheduler_may_start_only_when_its_release_is_live_and_nothing_older_is_left_on_any_host(j: Any) -> None:
    shop = j.project()
    first, door, old = live(j, shop)
    assert [d.process for d in door.singles()] == ["beat.1"]
    assert door.before(old["beat.1"]) == ()
    door.healthy(old["beat.1"].id)
    end(j, first, door)
    _, door = built(j, shop)
    new = placed(door, "app-2")
    there = door_of(door._claimed, "app-2")
    assert there.singles() == ()  # not live yet
    for process in ("web.1", "worker.1"):
        door.healthy(new[process].id)
    door.switched()
    assert [d.id for d in there.singles()] == [new["beat.1"].id]
    assert {d.id for d in there.before(new["beat.1"])} == {old["worker.1"].id, old["beat.1"].id}
    for process in ("worker.1", "beat.1"):
        door.stopped(old[process].id)
    assert there.before(new["beat.1"]) == ()


def test_a_release_that_failed_goes_from_its_hosts_at_once_and_wakes_the_scheduler_that_waited_for_it(
    j: Any, zoomdb: str, keys_file: Path, tmp_path: Path
) -> None:
    from dz2.channels import RECONCILE
    from dz2.zoomdb import of_host

    shop = j.project()
    _, door = built(j, shop)
    failed = placed(door)
    with psycopg.connect(zoomdb, autocommit=True) as listener:

        def told() -> set[str]:
            """Those that were told by now: what comes behind them in the order of commits is our own word."""
            with listener.cursor() as own:
                own.execute("SELECT pg_notify(%s, 'end')", [RECONCILE])
            heard: set[str] = set()
            for one in listener.notifies(timeout=60):
                if one.payload == "end":
                    return heard
                heard.add(one.payload)
            raise AssertionError("nothing came")

        listener.execute(f"LISTEN {RECONCILE}")
        assert j.record(door._claimed, j.FAILED)
        assert told() == {"app-1"}
        live(j, shop, "app-2")
        assert told() == set()
        of_host("app-1").stopped(failed["worker.1"].id)
        assert told() == {"app-2"}


def test_the_dispatcher_passes_on_which_host_is_to_look(zoomdb: str, keys_file: Path) -> None:
    from dz.settings import Common
    from dz.tasks.dispatch import Dispatcher
    from dz2.channels import RECONCILE, REROUTE, notify

    sent: list[str] = []

    class Told(Dispatcher):
        def _send(self, name: str, args: tuple[int, ...], **where: Any) -> bool:
            sent.append(f"{name} {where['queue'].name}")
            return True

    dispatcher = Told(Common(home=".", zoomdb_url=zoomdb, keys_file=keys_file), "")
    dispatcher._wait()
    for host in ("app-1", "app-2"):
        notify(RECONCILE, host)
    notify(REROUTE)
    until(lambda: dispatcher._wait() or len(sent) == 3, what="all were told")
    dispatcher._close_zoomdb()
    assert sent == ["reconcile appserver_app-1", "reconcile appserver_app-2", "reconcile proxy"]


def test_what_could_not_be_started_is_told_with_its_reason_as_long_as_its_release_is_live(j: Any) -> None:
    from dz2.api.processes import process_documents

    shop = j.project()
    job, door = built(j, shop)
    rows = placed(door)
    door.not_started(rows["worker.1"].id, "no broker is named")
    for process in ("web.1", "web.2"):
        door.healthy(rows[process].id)
    door.switched()
    told = {one["process"]: one["words"] for one in process_documents(shop)}
    assert told == {
        "beat.1": "waits until the old release has stopped",
        "web.1": "healthy",
        "web.2": "healthy",
        "worker.1": "not started: no broker is named",
    }
    end(j, job, door)
    live(j, shop)
    assert "not started: no broker is named" not in {one["words"] for one in process_documents(shop)}


@pytest.mark.usefixtures("j")
def test_a_worker_that_is_ready_has_beaten(tmp_path: Path) -> None:
    """What its pool forks meanwhile would find the modules locked that the first beat loads."""
    from dz.seams.sandbox.fake import Fake
    from dz.tasklib.hosting import Seams
    from dz.tasks.heartbeat import Heartbeat
    from dz2.models import Host

    settings = WorkerSettings(home=tmp_path, zoomdb_url="", keys_file=Path(), role="database", instance_id="db-9")
    beats = Heartbeat(settings, Seams(sandbox=Fake()))
    beats.start()
    beaten = Host.objects.filter(instance_id="db-9").exists()
    beats.stop()
    until(lambda: not [one for one in threading.enumerate() if one.name == "heartbeat"], what="it stops")
    assert beaten


def test_a_heartbeat_tells_how_each_process_is_and_waits_for_no_step_that_holds_a_row(j: Any, zoomdb: str) -> None:
    import psycopg

    from dz2.api.processes import is_asked, process_documents
    from dz2.heartbeats import beat
    from dz2.models import AppServerDeployment, Host

    def age(told: str) -> float:
        return (timezone.now() - datetime.fromisoformat(told)).total_seconds()

    def asks(told: dict[str, Any]) -> list[str]:
        return [one["process"] for one in told.values() if is_asked(one)]

    shop = j.project()
    _, _, rows = live(j, shop)
    settings = WorkerSettings(home=Path(), zoomdb_url="", keys_file=Path(), role="appserver", instance_id="app-1")
    dies = Vital(memory=None, ends=2, detail="restarting: exit 1 at 14:05:31")
    lives = Vital(memory=84_000_000, ends=0, detail="", since=30.0)
    vitals = {rows["worker.1"].program: dies, rows["web.1"].program: lives}
    AppServerDeployment.objects.update(created_at=timezone.now() - timedelta(minutes=4))
    with psycopg.connect(zoomdb) as step:
        step.execute("SELECT 1 FROM dz2_appserverdeployment WHERE id = %s FOR UPDATE", [rows["worker.1"].id])
        beat(settings, {}, vitals=vitals)
    beat(settings, {}, vitals=vitals)
    told = {one["process"]: one for one in process_documents(shop)}
    assert asks(told) == ["web.1", "web.2"]
    assert (told["worker.1"]["words"], told["worker.1"]["restarts"]) == ("restarting: exit 1 at 14:05:31", 2)
    assert (told["web.1"]["words"], told["web.1"]["memory"], told["web.1"]["restarts"]) == ("healthy", 84_000_000, 0)
    assert told["web.1"]["seen_at"] is not None and told["web.2"]["seen_at"] is None
    assert [28 < age(told[name]["since"]) < 60 for name in ("web.1", "web.2")] == [True, False]
    Host.objects.update(last_heartbeat=None)
    told = {one["process"]: one for one in process_documents(shop)}
    assert told["web.1"]["words"] == "unknown: app-1 does not report"
    assert asks(told) == ["web.1", "web.2"], "they may answer all the same"


def test_a_projects_own_redis_is_told_with_its_processes_once_the_release_that_asks_for_it_is_live(j: Any) -> None:
    from dz2.api.processes import is_asked, process_documents
    from dz2.heartbeats import beat

    def told() -> dict[str, Any]:
        return next((one for one in process_documents(shop) if one["process"] == "redis"), {})

    shop = j.project()
    _, door = built(j, shop, CONFIG.replace("[project]", "[project]\nservices = redis"))
    rows = placed(door)
    there = door_of(door._claimed, "app-1")
    door.database()
    first = there.redis_here(wanted=True, ports=PORTS)
    redis = there.redis_at_another_port(ports=PORTS)
    assert redis.port != first.port and there.redis_here(wanted=True, ports=PORTS) == redis
    assert there.running(rows["web.1"].id).redis == redis
    assert [one.program for one in there.redises_on("app-1")] == [redis.program]
    assert told() == {}
    door.switched()
    assert told()["words"] == "not running"
    settings = WorkerSettings(home=Path(), zoomdb_url="", keys_file=Path(), role="appserver", instance_id="app-1")
    beat(settings, {}, vitals={redis.program: Vital(memory=7_000_000, ends=1, detail="last ended: exit 1 at 14:05")})
    found = told()
    assert {name: found[name] for name in ("words", "release", "memory", "restarts", "port")} == {
        "words": "running", "release": None, "memory": 7_000_000, "restarts": 1, "port": redis.port
    }  # fmt: skip
    assert not is_asked(found), "it speaks no HTTP"


def test_a_formation_outlives_releases_and_what_cannot_be_is_refused(j: Any) -> None:
    from dz2 import formations

    shop = j.project()
    job, door, _ = live(j, shop)
    end(j, job, door)
    for wanted, problem in (
        ({"wroker": 1}, "process.unknown"),
        ({"worker": 21}, "process.too-many"),
        ({"web": 0}, "process.no-web"),
        ({"beat": 2}, "process.single"),
    ):
        with pytest.raises(UserError) as refused:
            formations.scale(shop, wanted)
        assert refused.value.id == problem
    assert formations.scale(shop, {"web": 2}) is None  # so it was placed
    job = formations.scale(shop, {"worker": 3, "beat": 0})
    assert (job.kind, job.job_params["why"]) == ("scale", "Scale worker=3 beat=0")
    shop.refresh_from_db()
    assert formations.counts(shop) == {"web": 2, "worker": 3, "beat": 0}
