"""The door to zoomdb: one deploy through it, and who is refused."""

from __future__ import annotations

from typing import Any

import pytest

from dz.errors import LostLease
from dz.names import AppId, Commit, Digest
from dz.settings import WorkerSettings

COMMIT = Commit("a" * 40)


@pytest.fixture
def j(zoomdb: str) -> Any:
    from tests.role import jobs

    return jobs


@pytest.fixture
def hosts(zoomdb: str, keys_file: Any) -> None:
    from dz2.heartbeats import beat

    measured = {"platform": "linux", "load": 0.5, "memory": 0.5, "disk": 0.5}
    for role, name in (("appserver", "app-1"), ("database", "db-1")):
        beat(WorkerSettings(home=".", zoomdb_url="", keys_file=".", role=role, instance_id=name), measured)


def door_of(claimed: Any, host: str = "build-1") -> Any:
    from dz2.zoomdb import of_step

    return of_step(claimed, host=host)


def built(j: Any, project: Any) -> tuple[Any, Any]:
    """A job whose first step opened and built a release, and its door."""
    from dz.tasklib.records import Layer

    job = j.accept(project)
    door = door_of(j.claim(job, "build_bundle"))
    door.open_release(commit=COMMIT, subject="s", branch="main", build_config="")
    layers = [Layer(kind=k, key=f"{k}-key", digest=Digest(d * 64), size=1) for k, d in (("env", "1"), ("static", "2"))]
    door.save_bundle(platform="linux", layers=layers, manifest={"static_url": "/s/"})
    return job, door


def live(j: Any, project: Any) -> tuple[Any, Any, Any]:
    job, door = built(j, project)
    deployment = door.place("app-1", ports=range(21000, 21003))
    door.healthy(deployment.id)
    door.switched()
    return job, door, deployment


def end(j: Any, job: Any, door: Any) -> None:
    assert j.record(door._claimed)
    j.do(job, "create_database", "bundle_upload", "switch", "prune")
    assert j.state(job) == "succeeded"


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
    assert (door.route().release, door.route().previous, set(door.route().static_layers)) == (2, 1, {1, 2})
    j.record(door._claimed)
    j.do(second, "create_database", "bundle_upload", "switch")
    assert second.steps.get(name="retire").queue == "appserver_app-1"
    door_of(j.claim(second, "retire"), "app-1").stopped(old.id)
    assert [d.id for d in door.wanted_on("app-1")] == [new.id]


@pytest.mark.usefixtures("hosts")
def test_a_failed_job_takes_its_release_with_it_and_leaves_the_live_one(j: Any) -> None:
    from dz2.zoomdb import of_host

    shop = j.project()
    first, door, old = live(j, shop)
    end(j, first, door)
    job, door = built(j, shop)
    new = door.place("app-1", ports=range(21000, 21003))
    j.record(door._claimed, j.FAILED)
    assert j.state(job) == "failed"
    host = of_host("app-1")
    assert [d.id for d in host.unwanted_on("app-1")] == [new.id]
    assert [d.id for d in host.wanted_on("app-1")] == [old.id]
    assert [d.release for d in host.routes()[0].deployments] == [1]


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


@pytest.mark.usefixtures("hosts")
def test_a_forgotten_project_frees_its_name_and_hostname(j: Any) -> None:
    from dz2.models import Project

    shop = j.project()
    shop.hostnames.create(hostname="shop.localhost")
    _, door, deployment = live(j, shop)
    destroy = j.accept(shop, j.DESTROY)
    assert destroy.steps.get().queue == "appserver_app-1"
    assert [d.id for d in door.unplace()] == [deployment.id]
    door.database()
    door.forget()
    door.forget()
    assert shop.app_id not in door.app_ids()
    assert [d.id for d in door.unwanted_on("app-1")] == [deployment.id]
    Project.objects.create(name=shop.name, repo_url="x").hostnames.create(hostname="shop.localhost")
