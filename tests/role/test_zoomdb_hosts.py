"""Where a project is, by zoomdb: on the host of its files, on one database server, nowhere once it rests or goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.errors import PlatformError, Transient, UserError
from dz.names import AppId, HostName
from dz.seams.dbserver.fake import FakeDatabaseServer
from dz.tasks.eventlog import EventLog
from tests.role.test_zoomdb import another_database_server, built, door_of, end, hosts, j, live, on_a_host

__all__ = ["hosts", "j"]


@pytest.mark.usefixtures("hosts")
def test_a_silent_appserver_holds_up_neither_the_next_deploy_nor_the_projects_end(j: Any) -> None:
    from django.conf import settings
    from django.db.models.functions import Now

    from dz2.models import Host

    shop = j.project()
    first, door, _ = live(j, shop)
    end(j, first, door)
    second, door = built(j, shop)
    door.healthy(door.place("app-2", ports=range(21000, 21003)).id)
    door.switched()
    assert j.record(door._claimed)
    j.do(second, "create_database", "bundle_upload")
    silent = Host.objects.filter(instance_id="app-1")
    silent.update(last_heartbeat=Now() - timedelta(seconds=settings.DZ_GONE + 1))
    j.do(second, "switch")
    assert j.steps(second)["retire"] == "skipped"
    assert [d.host for d in door.retiring()] == ["app-1"]
    j.do(second, "prune")
    assert j.accept(shop, j.DESTROY).steps.get().queue == "appserver_app-2"
    Host.objects.filter(instance_id="app-2").update(last_heartbeat=None)
    assert j.state(j.accept(shop, j.DESTROY)) == "succeeded"


@pytest.mark.usefixtures("hosts")
def test_a_project_stays_on_the_host_of_its_files_and_where_it_must_move_that_is_told(j: Any, tmp_path: Path) -> None:
    from dz.tasklib.appserver.placing import placement
    from dz2.joblog import Writer
    from dz2.models import Host, JobLog

    shop = j.project()
    first, door, _ = live(j, shop)
    end(j, first, door)
    Host.objects.filter(instance_id="app-1").update(load=9.0)  # app-2 is idle
    second, door = built(j, shop)
    assert placement(on_a_host(door._claimed, "build-1", "build", tmp_path))["host"] == "app-1"
    end(j, second, door)
    Host.objects.filter(instance_id="app-1").update(last_heartbeat=None)
    third, door = built(j, shop)
    with Writer(door._claimed) as log:
        told = placement(replace(on_a_host(door._claimed, "build-1", "build", tmp_path), log=log))
    assert (told["host"], told["moved_from"]) == ("app-2", "app-1")
    said = JobLog.objects.get(job=third, level="warning").text
    assert "moves to app-2" in said and f"volumes/{shop.app_id}, and have to be copied" in said


@pytest.mark.usefixtures("hosts")
def test_a_project_that_goes_is_wanted_nowhere_and_a_failed_destroy_is_done_again(j: Any, tmp_path: Path) -> None:
    from dz.tasklib.destroy import DESTROY
    from dz2 import engine
    from dz2.zoomdb import of_host

    kinds = {**j.PIPELINES, "destroy": DESTROY}
    shop = j.project()
    first, door, _ = live(j, shop)
    door.database()
    door.database_ready()
    end(j, first, door)
    host = of_host("app-1")
    assert (len(host.routes()), len(host.databases("db-1"))) == (1, 1)

    destroy, waiting = j.accept(shop, DESTROY), j.accept(shop)
    claimed = j.claim(destroy, "proxy_remove")
    assert engine.cancel(destroy.pk, pipelines=kinds) == engine.CancelAnswer.TOO_LATE
    with pytest.raises(AssertionError, match="of the proxy queue"):
        DESTROY.step("proxy_remove").run(on_a_host(claimed, "proxy-1", "proxy", tmp_path))
    assert (host.routes(), host.databases("db-1"), host.route(shop.app_id).deployments) == ((), (), ())

    assert engine.record(claimed, j.FAILED, pipelines=kinds)
    assert (j.state(destroy), j.state(waiting)) == ("failed", "cancelled")
    assert set(j.steps(waiting).values()) == {"cancelled"}
    with pytest.raises(UserError) as refused:
        j.accept(shop, j.CHECK)
    assert (refused.value.id, refused.value.facts["job"]) == ("project.busy", destroy.pk)
    assert j.state(j.accept(shop, DESTROY)) == "running"


@pytest.mark.usefixtures("hosts")
def test_a_project_that_rests_runs_nowhere_and_is_a_plain_page_until_the_next_switch(j: Any) -> None:
    from dz.tasklib.deactivate import DEACTIVATE
    from dz2 import commands, engine, releases, resting
    from dz2.zoomdb import of_host

    shop = j.project()
    first, door, deployment = live(j, shop)
    end(j, first, door)
    with pytest.raises(UserError, match="is not deactivated"):
        resting.activate(shop)
    rests = j.accept(shop, DEACTIVATE)
    door = door_of(j.claim(rests, "rest"))
    door.rest()
    door.rest()
    host = of_host("app-1")
    assert (host.routes()[0].resting, host.routes()[0].deployments) == (True, ())
    assert [d.id for d in door.retiring()] == [deployment.id]
    shop.refresh_from_db()
    run = partial(commands.run, command=["manage.py", "check"], attached=False)
    for act in (resting.deactivate, releases.restart, partial(releases.reconfigure, why="X changed"), run):
        with pytest.raises(UserError, match="is deactivated: nothing of it runs"):
            act(shop)

    assert engine.record(door._claimed, j.OK) and engine.record(j.claim(rests, "retire", "app-1"), j.OK)
    door = door_of(j.claim(resting.activate(shop), "release"), "app-1")
    assert door.release_again().number == 2
    door.healthy(door.place("app-1", ports=range(21000, 21003)).id)
    assert (door.route().resting, [d.release for d in door.route().deployments]) == (False, [2])
    assert host.routes()[0].resting
    door.switched()
    assert (door.route().resting, host.routes()[0].resting) == (False, False)


@pytest.mark.usefixtures("hosts")
def test_a_project_whose_page_the_proxy_did_not_take_rests_half_which_is_told_and_done_when_asked_again(
    j: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dz.problems import told
    from dz.seams.proxy import Site
    from dz.seams.proxy.fake import FakeProxy
    from dz.tasklib.proxy import routes
    from dz2 import engine, resting
    from dz2.models import Job
    from dz2.panel.jobs import _again, _can_run_again

    class Stuck(FakeProxy):
        def apply(self, app_id: AppId, site: Site | None, *, wait: float = 30.0) -> int:
            raise PlatformError("nginx did not take the new configuration over within 30 s")

    def at_the_proxy(claimed: Any, proxy: FakeProxy) -> Any:
        given = {"settings": SimpleNamespace(home=tmp_path), "seams": SimpleNamespace(proxy=proxy)}
        return SimpleNamespace(door=door_of(claimed), log=EventLog("rest"), left=lambda most: most, **given)

    shop = j.project()
    first, door, _ = live(j, shop)
    end(j, first, door)
    page = Site(app_id=shop.app_id, hostnames=(HostName("shop.localhost"),), upstreams=(), resting=True)
    monkeypatch.setattr(routes, "site_of", lambda *_: page)
    job = resting.deactivate(shop)
    claimed = j.claim(job, "rest")
    with pytest.raises(PlatformError) as raised:
        routes.rest(at_the_proxy(claimed, Stuck()))
    assert raised.value.id == "project.rests-half"
    error = told(raised.value.id, detail=raised.value.detail)
    assert engine.record(claimed, j.outcome("errored", error=error))
    assert j.state(job) == "errored"
    assert f"dz deactivate {shop.name} tries it again" in job.error["next"]

    shop.refresh_from_db()
    job = Job.objects.get(pk=job.pk)
    assert _can_run_again(job)
    again = _again(job, None, None)
    claimed = j.claim(again, "rest")
    routes.rest(at_the_proxy(claimed, FakeProxy()))
    assert engine.record(claimed, j.OK)
    assert engine.record(j.claim(again, "retire", "app-1"), j.OK)
    assert (j.state(again), _can_run_again(job)) == ("succeeded", False)
    with pytest.raises(UserError, match="is deactivated: nothing of it runs"):
        resting.deactivate(shop)


@pytest.mark.usefixtures("hosts")
@pytest.mark.parametrize("kind", ["deactivate", "destroy"])
def test_a_job_that_stops_a_project_lets_no_command_begin_and_ends_those_that_run_with_its_first_step(
    j: Any, kind: str
) -> None:
    from dz.tasklib.jobs import PIPELINES
    from dz2 import commands, engine

    shop = j.project()
    first, door, _ = live(j, shop)
    end(j, first, door)
    deploy = j.accept(shop)
    run = partial(commands.run, shop, ["manage.py", "shell"], attached=False)
    waiting, running = run(), run()
    claimed = j.claim(running, "managepy_command", "app-1")
    stops = j.accept(shop, PIPELINES[kind])
    assert (j.state(stops), j.state(waiting)) == ("waiting", "running")  # a deploy runs; until then people may type
    with pytest.raises(UserError, match="is about to stop"):
        run()
    engine.cancel(deploy.pk, pipelines=PIPELINES)
    begins = door_of(j.claim(stops, PIPELINES[kind].steps[0].name))
    begins.rest() if kind == "deactivate" else begins.begin_destroying()
    assert j.state(waiting) == "cancelled"
    assert engine.renew(claimed, lease=15).cancel
    with pytest.raises(UserError):
        run()


@pytest.mark.usefixtures("hosts")
def test_a_database_is_made_on_the_server_that_is_asked_first_and_stays_there(j: Any, tmp_path: Path) -> None:
    from dz.tasklib.database.databases import create_database, drop_database

    another_database_server("db-2")
    job, door = built(j, j.project())
    assert door.database().server == "db-1"  # of all that there are the first, asked for by a build host
    assert j.record(door._claimed)
    claimed, server = j.claim(job, "create_database"), FakeDatabaseServer()
    made = create_database(on_a_host(claimed, "db-2", "database", tmp_path, server))
    assert (made["created"], list(server.databases)) == (True, [job.project.app_id])
    assert door_of(claimed, "db-1").database().server == "db-2"
    assert create_database(on_a_host(claimed, "db-1", "database", tmp_path))["created"] is False
    with pytest.raises(Transient, match="on db-2, and this is db-1"):
        drop_database(on_a_host(claimed, "db-1", "database", tmp_path))
    drop_database(on_a_host(claimed, "db-2", "database", tmp_path, server))
    assert not server.databases


@pytest.mark.usefixtures("hosts")
def test_a_forgotten_project_frees_its_name_and_hostname(j: Any) -> None:
    from dz.names import HostName
    from dz.tasklib.destroy import DESTROY
    from dz2 import configs, domains
    from dz2.models import Project

    shop = j.project()
    shop.hostnames.create(hostname="shop.localhost")
    _, door, deployment = live(j, shop)
    destroy = j.accept(shop, j.DESTROY)
    assert destroy.steps.get().queue == "appserver_app-1"
    assert [d.id for d in door.unplace()] == [deployment.id]
    door.database()
    waiting, second = j.accept(shop), j.accept(shop, DESTROY)
    door.forget()
    door.forget()
    assert shop.app_id not in door.app_ids()
    assert [d.id for d in door.unwanted_on("app-1")] == [deployment.id]
    with pytest.raises(UserError, match="There is no project"):
        j.accept(shop, j.DESTROY)
    assert j.record(door._claimed, j.FAILED)
    assert (j.state(waiting), j.state(second)) == ("cancelled", "cancelled")
    for late in (
        partial(domains.write, names=[HostName("www.shop.example")]),
        partial(configs.change, values={"KEY": "secret"}),
    ):
        with pytest.raises(UserError, match="There is no project"):
            late(shop)  # by who had found it before
    Project.objects.create(name=shop.name, repo_url="x").hostnames.create(hostname="shop.localhost")
