"""The door to zoomdb: one deploy through it, and who is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dz.errors import LostLease
from dz.names import AppId, Commit, Digest
from dz.seams.dbserver.fake import FakeDatabaseServer
from dz.settings import WorkerSettings
from dz.tasklib.context import Context
from dz.tasklib.hosting import Seams
from dz.tasks.eventlog import EventLog
from tests.unit.tasklib.test_site import NoSandbox

COMMIT = Commit("a" * 40)


@pytest.fixture
def j(zoomdb: str) -> Any:
    from tests.role import jobs

    return jobs


@pytest.fixture
def hosts(zoomdb: str, keys_file: Any) -> None:
    from dz2.heartbeats import beat

    measured = {"platform": "linux", "load": 0.5, "memory": 0.5, "disk": 0.5}
    for role, name in (("appserver", "app-1"), ("appserver", "app-2"), ("database", "db-1")):
        beat(WorkerSettings(home=".", zoomdb_url="", keys_file=".", role=role, instance_id=name), measured)


def door_of(claimed: Any, host: str = "build-1") -> Any:
    from dz2.zoomdb import of_step

    return of_step(claimed, host=host)


def built(j: Any, project: Any, static: str = "2", **manifest: str) -> tuple[Any, Any]:
    """A job whose first step opened and built a release, and its door."""
    from dz.tasklib.records import Layer

    job = j.accept(project)
    door = door_of(j.claim(job, "build_bundle"))
    door.open_release(commit=COMMIT, subject="s", branch="main", build_config="")
    keys = (("env", "env-key", "1"), ("static", f"static-key-{static}", static))
    layers = [Layer(kind=k, key=key, digest=Digest(d * 64), size=1) for k, key, d in keys]
    door.save_bundle(platform="linux", layers=layers, manifest={"static_url": "/s/", **manifest})
    return job, door


def live(j: Any, project: Any, **how: str) -> tuple[Any, Any, Any]:
    job, door = built(j, project, **how)
    deployment = door.place("app-1", ports=range(21000, 21003))
    door.healthy(deployment.id)
    door.switched()
    return job, door, deployment


def released_again(j: Any, project: Any, bundle: Any, ask: Callable[[Any], object]) -> bool:
    """What the door answers in a job that makes one more release of this bundle."""
    job = j.accept(project)
    door = door_of(j.claim(job, "build_bundle"))
    door.open_release(commit=COMMIT, subject="s", branch="main", build_config="", bundle=bundle.id)
    answer = bool(ask(door))
    end(j, job, door)
    return answer


def end(j: Any, job: Any, door: Any) -> None:
    assert j.record(door._claimed)
    j.do(job, "create_database", "bundle_upload", "switch", "prune")
    assert j.state(job) == "succeeded"


@pytest.mark.usefixtures("hosts")
def test_a_deployment_moves_to_another_port_while_its_hosts_heartbeat_holds_the_hosts_row(j: Any, zoomdb: str) -> None:
    """With that row locked too, the two ended each other by a deadlock; a deployment that is none was lost."""
    import psycopg

    _, door = built(j, j.project())
    with psycopg.connect(zoomdb) as heartbeat:
        heartbeat.execute("SELECT 1 FROM dz2_host WHERE instance_id = 'app-1' FOR UPDATE")
        first = door.place("app-1", ports=range(21000, 21003))
        moved = door.at_another_port(first.id, ports=range(21001, 21003))
    assert (moved.id, moved.port) == (first.id, 21001)
    assert door.deployments() == (moved,)


@pytest.mark.usefixtures("hosts")
def test_of_a_deployment_that_no_job_moves_the_proxy_is_told(j: Any, zoomdb: str) -> None:
    import psycopg

    from dz2.channels import REROUTE
    from dz2.zoomdb import of_host

    _, door = built(j, j.project())
    first = door.place("app-1", ports=range(21000, 21009))
    with psycopg.connect(zoomdb, autocommit=True) as listener:
        listener.execute(f"LISTEN {REROUTE}")
        door.at_another_port(first.id, ports=range(21001, 21009))  # a later step of the job routes to it
        of_host("app-1").at_another_port(first.id, ports=range(21002, 21009))
        listener.execute("SELECT pg_notify(%s, 'end')", [REROUTE])
        assert [one.payload for one in listener.notifies(timeout=60, stop_after=2)] == ["", "end"]


@pytest.mark.usefixtures("hosts")
def test_a_release_is_opened_built_placed_and_switched_once_however_often_it_is_asked(j: Any) -> None:
    shop = j.project()
    shop.hostnames.create(hostname="shop.localhost")
    _, door, deployment = live(j, shop)
    again = door.open_release(commit=COMMIT, subject="s", branch="main", build_config="")
    assert (again.number, door.bundle().layer("env").key) == (1, "env-key")
    assert door.place("app-1", ports=range(21000, 21003)) == door.deployments()[0]
    assert (deployment.host, deployment.port, deployment.program) == ("app-1", 21000, f"{shop.app_id}-1-web.1")
    assert door.secret_key() == door.secret_key()
    assert door.database() == door.database()
    route = door.route()
    assert [d.port for d in route.deployments] == [21000]
    assert (route.hostnames, route.release, route.static_url) == (("shop.localhost",), 1, "/s/")
    assert door.running(deployment.id).database.name == shop.app_id


@pytest.mark.usefixtures("hosts")
def test_a_bundle_of_the_same_inputs_is_taken_again_while_every_layer_of_it_is_stored(j: Any) -> None:
    shop = j.project()
    first, door = built(j, shop, inputs="one")
    assert door.built_before("one") is None  # its own
    door.layer_uploaded(Digest("1" * 64))
    end(j, first, door)
    second = j.accept(shop)
    door = door_of(j.claim(second, "build_bundle"))
    assert door.built_before("one") is None  # its static layer never came to the store
    door.layer_uploaded(Digest("2" * 64))
    release, bundle = door.built_before("one")
    assert (release.number, release.subject, door.built_before("other")) == (1, "s", None)
    made = {"commit": COMMIT, "subject": "s", "branch": "main", "build_config": "", "bundle": bundle.id}
    assert (door.open_release(**made).number, door.bundle()) == (2, bundle)


@pytest.mark.usefixtures("hosts")
def test_what_was_live_before_is_known_by_its_bundle_its_variables_and_the_database(j: Any) -> None:
    from dz2 import configs
    from dz2.models import Release

    shop = j.project()

    def back() -> bool:
        return released_again(j, shop, first, lambda door: door.was_live())

    job, door = built(j, shop)
    first = door.bundle()
    assert not door.was_live()  # built, and never live
    deployment = door.place("app-1", ports=range(21000, 21003))
    door.healthy(deployment.id)
    door.switched()
    door.stopped(deployment.id)
    end(j, job, door)
    job, door, deployment = live(j, shop, static="3")
    door.stopped(deployment.id)
    end(j, job, door)
    assert back()
    configs.change(shop, {"WORD": "other"})
    assert not back()
    configs.change(shop, {}, unset=["WORD"])
    assert back()
    Release.objects.filter(project=shop, number=2).update(
        database=f"{shop.app_id}_r2"
    )  # a restored one is in use since
    assert not back()


@pytest.mark.usefixtures("hosts")
def test_a_bundle_is_known_as_proved_with_the_variables_of_the_release_that_it_was_built_for(j: Any) -> None:
    from dz2 import configs

    shop = j.project()
    configs.change(shop, {"WORD": "first"})
    first, door = built(j, shop)
    bundle = door.bundle()
    assert door.was_proved_so()
    end(j, first, door)

    def again() -> bool:
        return released_again(j, shop, bundle, lambda door: door.was_proved_so())

    assert again()
    configs.change(shop, {"WORD": "other"})
    assert not again()
    configs.change(shop, {"WORD": "first"})
    assert again()


@pytest.mark.usefixtures("hosts")
def test_bundles_are_kept_not_releases_and_the_static_files_of_the_two_versions_before(j: Any) -> None:
    from django.conf import settings

    shop = j.project()
    for static in "2234567899":
        job, door, deployment = live(j, shop, static=static)
        for digest in ("1", static):
            door.layer_uploaded(Digest(digest * 64))
        door.stopped(deployment.id)
        end(j, job, door)
    door = door_of(j.claim(j.accept(shop), "build_bundle"))
    assert settings.DZ_KEPT_BUNDLES == 5
    kept = {key.removeprefix("static-key-") for kind, key in door.layers_in_use(shop.app_id) if kind == "static"}
    assert kept == {*"456789"}  # the live one twice released, and five others
    assert {digest[0] for digest in door.old_digests({Digest(one * 64) for one in "149"})} == {"2", "3"}
    layers = door.route(shop.app_id).static_layers
    assert {number: layer.digest[0] for number, layer in layers.items()} == {10: "9", 8: "8", 7: "7"}


@pytest.mark.usefixtures("hosts")
def test_the_switch_retires_the_release_before_and_its_appserver_is_told(j: Any) -> None:
    shop = j.project()
    first, door, old = live(j, shop)
    end(j, first, door)
    second, door = built(j, shop)
    new = door.place("app-1", ports=range(21000, 21003))
    assert new.port == 21001
    assert [d.release for d in door.route().deployments] == []  # not healthy yet
    assert [d.release for d in door.route(AppId(shop.app_id)).deployments] == [1]
    door.healthy(new.id)
    door.switched()
    assert [d.id for d in door.retiring()] == [old.id]
    assert (door.route().release, set(door.route().static_layers)) == (2, {2})  # of the same files
    j.record(door._claimed)
    j.do(second, "create_database", "bundle_upload", "switch")
    assert second.steps.get(name="retire").queue == "appserver_app-1"
    door_of(j.claim(second, "retire"), "app-1").stopped(old.id)
    assert [d.id for d in door.wanted_on("app-1")] == [new.id]


@pytest.mark.usefixtures("hosts")
def test_a_failed_job_takes_its_release_with_it_and_leaves_the_live_one(j: Any) -> None:
    from dz2.models import SiteLog
    from dz2.zoomdb import of_host

    shop = j.project()
    first, door, old = live(j, shop)
    end(j, first, door)
    never_started, door = built(j, shop)
    j.record(door._claimed, j.FAILED)
    job, door = built(j, shop)
    new = door.place("app-1", ports=range(21000, 21003))
    j.record(door._claimed, j.FAILED)
    assert j.state(never_started) == j.state(job) == "failed"
    marks = SiteLog.objects.filter(project=shop, process="").order_by("seq").values_list("text", flat=True)
    assert list(marks) == ["release 1 is live", "release 3 was given up; no visitor met it"]
    host = of_host("app-1")
    assert [d.id for d in host.unwanted_on("app-1")] == [new.id]
    assert [d.id for d in host.wanted_on("app-1")] == [old.id]
    assert [d.release for d in host.routes()[0].deployments] == [1]


@pytest.mark.usefixtures("hosts")
def test_what_retires_is_its_jobs_to_drain_and_reconciles_once_no_job_runs(j: Any) -> None:
    from dz2.zoomdb import of_host

    shop = j.project()
    first, door, old = live(j, shop)
    end(j, first, door)
    second, door, new = live(j, shop)
    assert j.record(door._claimed)
    j.do(second, "create_database", "bundle_upload", "switch")
    host = of_host("app-1")
    assert [d.id for d in host.wanted_on("app-1")] == [old.id, new.id]
    assert host.unwanted_on("app-1") == ()
    j.record(j.claim(second, "retire"), j.FAILED)
    j.do(second, "prune")
    assert j.state(second) == "succeeded"
    assert [d.id for d in host.wanted_on("app-1")] == [new.id]
    assert [d.id for d in host.unwanted_on("app-1")] == [old.id]


def another_database_server(name: str) -> None:
    from dz2.heartbeats import beat

    beat(WorkerSettings(home=".", zoomdb_url="", keys_file=".", role="database", instance_id=name), {})


def on_a_host(claimed: Any, host: str, role: Any, home: Path, server: FakeDatabaseServer | None = None) -> Context:
    """A step's context there, where of all that the role drives at most a database server is at hand."""
    sandbox: Any = NoSandbox()
    return Context(
        job_id=claimed.job_id,
        step_id=claimed.step_id,
        attempt=claimed.attempt,
        step=claimed.step,
        params={},
        results={},
        door=door_of(claimed, host),
        log=EventLog(claimed.step),
        settings=WorkerSettings(home=home, zoomdb_url="", keys_file=home, role=role, instance_id=host),
        seams=Seams(sandbox=sandbox, dbserver=server),
        until=time.monotonic() + 60,
        stop=lambda: False,
    )


@pytest.mark.usefixtures("hosts")
def test_an_attempt_that_was_given_up_changes_nothing_through_its_door(j: Any) -> None:
    from dz2 import ringing

    job, door = built(j, j.project())
    j.age(job, 20)
    ringing.expire(pipelines=j.PIPELINES)
    with pytest.raises(LostLease):
        door.place("app-1", ports=range(21000, 21003))
    with pytest.raises(LostLease):
        door.switched()
