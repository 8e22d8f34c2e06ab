"""A host makes true what is wanted: on the fakes that are held to the seams' contracts."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.errors import PlatformError
from dz.log import Secret
from dz.names import AppId, HostName, InstanceId
from dz.seams.dbserver.fake import FakeDatabaseServer
from dz.seams.proxy.fake import FakeProxy
from dz.seams.sandbox import network
from dz.seams.sandbox.launch import PORT_BUSY
from dz.seams.supervisor import End, Program, Status
from dz.seams.supervisor.fake import FakeSupervisor
from dz.tasklib import unsynced
from dz.tasklib.appserver import ownredis, ports
from dz.tasklib.appserver.deployments import start_anew
from dz.tasklib.database.backups import ABANDONED
from dz.tasklib.folders import Folders
from dz.tasklib.guestcopy import guest_folder
from dz.tasklib.reconcile import reconcile
from dz.tasklib.records import Deployment, Redis, Route, Running
from tests.servers import free_port
from tests.unit.tasklib.test_site import NoSandbox, layer, packed, site

ONE, TWO = AppId.of(1), AppId.of(2)


class Door:
    """What zoomdb says, as plain values."""

    def __init__(self, **says: Any) -> None:
        self.says = says
        self.gone: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.says.get(name, ())

    def app_ids(self) -> frozenset[str]:
        return frozenset(self.says.get("app_ids", ()))

    def layers_in_use(self, app_id: AppId) -> frozenset[tuple[str, str]]:
        return frozenset({("env", "e" * 64), ("app", "a" * 64), ("static", "s" * 64)})

    def stopped(self, deployment: int) -> None:
        self.gone.append(deployment)


class GivesUp(FakeSupervisor):
    """Says of one program that it was given up, until it is started again."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.given_up: str | None = name
        self.started: list[str] = []

    def start(self, program: Program) -> None:
        self.started.append(program.name)
        self.given_up = None
        super().start(program)

    def status(self) -> dict[str, Status]:
        dead = (
            {}
            if self.given_up is None
            else {self.given_up: Status(name=self.given_up, state="fatal", pid=None, since=None)}
        )
        return super().status() | dead


class SiteSandbox(NoSandbox):
    def site(self, *_: Any, **__: Any) -> list[str]:
        return ["sleep", "600"]

    def uid(self, _: AppId) -> int | None:
        return None


class OfItsOwn(SiteSandbox):
    def uid(self, _: AppId) -> int | None:
        return 500_042


def context(home: Path, role: str, door: Door, **seams: Any) -> Any:
    nothing = SimpleNamespace(note=lambda *a, **k: None, hide=lambda *a: None)
    settings = SimpleNamespace(
        home=home,
        role=role,
        bundle_store="",
        store_options=dict,
        drain=1,
        public_scheme="http",
        public_port=8800,
        ports="21000-21999",
    )
    all_seams = SimpleNamespace(
        **{"supervisor": None, "proxy": None, "dbserver": None, "sandbox": SiteSandbox()} | seams
    )
    return SimpleNamespace(
        door=door,
        settings=settings,
        seams=all_seams,
        host="app-1",
        log=nothing,
        left=lambda at_most=60.0: at_most,
        check=lambda: None,
        midway=lambda: None,
        stop=lambda: False,
        until=time.monotonic() + 60,
    )


def healthy() -> Deployment:
    return replace(site(Path("/x")).running.deployment, state="healthy", port=free_port())


def laid(home: Path) -> None:
    """The layers of the site's bundle, on this host."""
    for kind in ("env", "static"):
        Folders(home).layer(AppId.of(42), kind, layer(kind).key).mkdir(parents=True)
    packed(site(home))


def test_a_site_that_the_supervisor_gave_up_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda address, port: True)  # a platform of this machine may have it
    laid(tmp_path)
    supervisor = GivesUp("p00000042-3-web.1")
    door = Door(wanted_on=(healthy(),), running=site(tmp_path).running, app_ids={AppId.of(42)})
    reconcile(context(tmp_path, "appserver", door, supervisor=supervisor))
    assert supervisor.started == ["p00000042-3-web.1"]


def test_code_that_an_earlier_version_of_the_platform_kept_unpacked_is_there_for_commands(tmp_path: Path) -> None:
    laid(tmp_path)
    own = site(tmp_path)
    build = Folders(tmp_path).packed(AppId.of(42), layer("app"))
    build.parent.mkdir(parents=True)
    own.packed.rename(build)
    unpacked = Folders(tmp_path).layer(AppId.of(42), "app", layer("app").key)
    unpacked.mkdir()
    supervisor = FakeSupervisor()
    supervisor.start(Program(name="p00000042-3-web.1", argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log"))
    door = Door(wanted_on=(healthy(),), running=own.running, app_ids={AppId.of(42)})
    reconcile(context(tmp_path, "appserver", door, supervisor=supervisor))
    assert own.packed.read_bytes() == build.read_bytes()
    assert not unpacked.exists()  # nothing is made of it any more


def test_a_site_whose_packed_code_a_power_cut_may_have_spoilt_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid(tmp_path)
    own, supervisor = site(tmp_path), GivesUp("another")
    supervisor.start(Program(name="p00000042-3-web.1", argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log"))
    build = Folders(tmp_path).packed(AppId.of(42), layer("app"))
    build.parent.mkdir(parents=True)
    build.write_bytes(own.packed.read_bytes())
    with unsynced.making(tmp_path, own.packed):
        own.packed.write_bytes(b"")
    monkeypatch.setattr(unsynced, "BOOT", tmp_path / "boot")
    (tmp_path / "boot").write_text("another")
    door = Door(wanted_on=(healthy(),), running=own.running, app_ids={AppId.of(42)})
    reconcile(context(tmp_path, "appserver", door, supervisor=supervisor))
    assert supervisor.started == ["p00000042-3-web.1"] * 2
    assert own.packed.read_bytes() == build.read_bytes()


def test_a_site_whose_guest_a_power_cut_may_have_spoilt_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid(tmp_path)
    own, supervisor = site(tmp_path), GivesUp("another")
    supervisor.start(Program(name="p00000042-3-web.1", argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log"))
    guest_folder(tmp_path)
    monkeypatch.setattr(unsynced, "BOOT", tmp_path / "boot")
    (tmp_path / "boot").write_text("another")
    door = Door(wanted_on=(healthy(),), running=own.running, app_ids={AppId.of(42)})
    reconcile(context(tmp_path, "appserver", door, supervisor=supervisor))
    assert supervisor.started == ["p00000042-3-web.1"] * 2


class Refused(FakeSupervisor):
    """Its program finds its port busy, and is tried again and again."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.tried: str | None = name

    def start(self, program: Program) -> None:
        assert self.tried is None, "the one that tries was not stopped"
        super().start(program)

    def stop(self, *names: str) -> None:
        self.tried = None if self.tried in names else self.tried
        super().stop(*names)

    def ends(self) -> list[End]:
        return [End(name="p00000042-3-web.1", at="2026-01-01", how=f"exit {PORT_BUSY}")]

    def status(self) -> dict[str, Status]:
        trying = [Status(name=self.tried, state="backoff", pid=None, since=None)] if self.tried else []
        return super().status() | {one.name: one for one in trying}


def test_a_site_whose_port_a_stranger_took_while_it_did_not_run_is_started_at_another(tmp_path: Path) -> None:
    laid(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        deployment = replace(healthy(), port=stranger.getsockname()[1])
        running = replace(site(tmp_path).running, deployment=deployment)
        door = Moves(wanted_on=(deployment,), running=running, app_ids={AppId.of(42)})
        supervisor = Refused("p00000042-3-web.1")
        reconcile(context(tmp_path, "appserver", door, supervisor=supervisor))
        assert door.moved == [deployment.id]
        assert list(supervisor.programs) == ["p00000042-3-web.1"]


def test_a_site_that_moves_to_another_port_may_answer_at_the_one_before_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lets: set[network.Served] = set()
    monkeypatch.setattr(network, "let_serve", lambda _, served: lets.add(served))
    monkeypatch.setattr(network, "take_serve", lambda _, served: lets.discard(served))
    laid(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        deployment = replace(healthy(), port=stranger.getsockname()[1])
        lets.add(network.Served(500_042, deployment.address, deployment.port))
        door = Moves(
            wanted_on=(deployment,),
            running=replace(site(tmp_path).running, deployment=deployment),
            app_ids={AppId.of(42)},
        )
        moving = context(tmp_path, "appserver", door, supervisor=Refused(deployment.program), sandbox=OfItsOwn())
        moving.settings.uid_base = 500_000
        reconcile(moving)
    at = door.says["running"].deployment.port
    assert at != deployment.port
    assert lets == {network.Served(500_042, deployment.address, at)}


def test_what_starts_anew_takes_along_the_workers_that_an_attempt_before_had_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a release run from one folder, which is made anew: they would go on in one that is gone."""
    monkeypatch.setattr(ports, "is_free", lambda address, port: True)
    laid(tmp_path)
    web = healthy()
    worker = replace(web, id=2, process="queue.1", port=0)
    supervisor = FakeSupervisor()
    for one in (web, worker):
        supervisor.start(Program(name=one.program, argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log"))
    door = Door(project=site(tmp_path).running.release, deployments=(web, worker), running=site(tmp_path).running)
    start_anew(context(tmp_path, "appserver", door, supervisor=supervisor), [web])
    assert list(supervisor.programs) == [web.program]


class Moves(Door):
    """It remembers which deployments moved, each to a port that was free a moment ago."""

    def __init__(self, **says: Any) -> None:
        super().__init__(**says)
        self.moved: list[int] = []

    def at_another_port(self, deployment: int, *, ports: range) -> Deployment:
        self.moved.append(deployment)
        with socket.create_server(("127.0.0.1", 0)) as free:
            at = replace(self.says["running"].deployment, port=free.getsockname()[1])
        self.says["running"] = replace(self.says["running"], deployment=at)
        return at


def test_what_nobody_wants_is_stopped_and_the_platforms_own_services_are_left_alone(tmp_path: Path) -> None:
    supervisor = FakeSupervisor()
    for name in ("p00000042-3-web.1", "panel"):
        supervisor.start(Program(name=name, argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log"))
    reconcile(context(tmp_path, "appserver", Door(), supervisor=supervisor))
    assert set(supervisor.status()) == {"panel"}
    supervisor.stop("panel")


def test_what_a_step_starts_meanwhile_is_no_stranger(tmp_path: Path) -> None:
    """Two steps run at a time on an appserver, and this may be one of them."""
    supervisor = FakeSupervisor()

    class Meanwhile(Door):
        def wanted_on(self, _: str) -> tuple[Deployment, ...]:
            one = Program(name="p00000042-3-web.1", argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log")
            supervisor.start(one)
            return ()  # its row came after the rows were read

    reconcile(context(tmp_path, "appserver", Meanwhile(), supervisor=supervisor))
    assert set(supervisor.status()) == {"p00000042-3-web.1"}


@pytest.mark.parametrize("becomes", ["wanted_on", "redises_on"])
def test_what_became_wanted_while_others_were_looked_at_is_not_stopped(tmp_path: Path, becomes: str) -> None:
    """A project that rests is woken up by a step beside this: what ran of it for a moment more is its own again."""
    supervisor = FakeSupervisor()
    web, redis = healthy(), Redis(app_id=AppId.of(42), port=21042, password=Secret("r3dis"))
    says = {"wanted_on": web, "redises_on": redis}
    name = says[becomes].program
    supervisor.start(Program(name=name, argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log"))

    class Later(Door):
        def unwanted_on(self, _: str) -> tuple[Deployment, ...]:
            return ()

        def singles(self) -> tuple[Deployment, ...]:
            self.says[becomes] = (says[becomes],)
            return ()

    reconcile(context(tmp_path, "appserver", Later(), supervisor=supervisor))
    assert set(supervisor.status()) == {name}


def test_a_redis_that_went_or_moved_while_others_were_looked_at_is_not_started_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A destroy may run beside this, or a deploy whose port a stranger had taken: the site has the new one."""
    begun: list[int] = []
    monkeypatch.setattr(ownredis, "run", lambda _, redis: begun.append(redis.port))
    for port in (None, 21043):
        first = Redis(app_id=AppId.of(42), port=21042, password=Secret("r3dis"))
        answers = [(first,), () if port is None else (replace(first, port=port),)]

        class Moves(Door):
            def redises_on(self, _: str, answers: Any = answers) -> tuple[Redis, ...]:
                return answers.pop(0)

        reconcile(context(tmp_path, "appserver", Moves(), supervisor=FakeSupervisor()))
    assert begun == [21043]


def test_a_site_that_was_moved_by_another_while_its_lock_was_waited_for_stays_there(tmp_path: Path) -> None:
    """Two reconciles may run at once on an appserver, and both have seen it without its port."""
    laid(tmp_path)
    supervisor = Refused("p00000042-3-web.1")
    with socket.create_server(("127.0.0.1", 0)) as stranger, socket.create_server(("127.0.0.1", 0)) as own:
        seen = replace(healthy(), port=stranger.getsockname()[1])
        now = replace(seen, port=own.getsockname()[1])
        running = replace(site(tmp_path).running, deployment=now)

        class Moved(Moves):
            def running(self, _: int) -> Running:
                if supervisor.tried:  # the other one had the lock first
                    supervisor.stop(seen.program)
                    supervisor.start(
                        Program(name=seen.program, argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log")
                    )
                    supervisor._pids[seen.program] = os.getpid()
                return running

        door = Moved(wanted_on=(seen,), app_ids={AppId.of(42)})
        reconcile(context(tmp_path, "appserver", door, supervisor=supervisor))
    assert door.moved == []
    assert list(supervisor.programs) == [seen.program]


def test_a_failed_release_is_taken_away_with_its_files_and_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = FakeSupervisor()
    supervisor.start(Program(name="p00000042-3-web.1", argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log"))
    (tmp_path / "run/p00000042/3").mkdir(parents=True)
    failed = healthy()
    door = Door(unwanted_on=(failed,), app_ids={AppId.of(42)})
    leaving = context(tmp_path, "appserver", door, supervisor=supervisor, sandbox=OfItsOwn())
    leaving.settings.uid_base = 500_000
    taken: list[network.Served] = []
    monkeypatch.setattr(network, "take_serve", lambda _, served: taken.append(served))
    reconcile(leaving)
    assert taken == [network.Served(500_042, failed.address, failed.port)]
    assert supervisor.status() == {}
    assert not (tmp_path / "run/p00000042/3").exists()
    assert door.gone == [1]


def test_one_bad_project_does_not_stop_the_others_routes(tmp_path: Path) -> None:
    class Refuses(FakeProxy):
        def apply(self, app_id: AppId, *args: Any, **more: Any) -> int:
            if app_id == ONE:
                raise PlatformError("nginx refuses it")
            return super().apply(app_id, *args, **more)

    def route(app_id: AppId, name: str) -> Route:
        return Route(
            app_id=app_id,
            hostnames=(HostName(name),),
            deployments=(replace(healthy(), app_id=app_id, host=InstanceId("app-1")),),
            release=3,
        )

    proxy = Refuses()
    door = Door(routes=(route(ONE, "one.localhost"), route(TWO, "two.localhost")), app_ids={ONE, TWO})
    reconcile(context(tmp_path, "proxy", door, proxy=proxy))
    assert set(proxy.applied()) == {TWO}


def test_the_page_of_a_project_that_rests_is_laid_again(tmp_path: Path) -> None:
    resting = Route(app_id=ONE, hostnames=(HostName("one.localhost"),), deployments=(), release=3, resting=True)
    proxy = FakeProxy()
    reconcile(context(tmp_path, "proxy", Door(routes=(resting,), app_ids={ONE}), proxy=proxy))
    assert proxy.sites[ONE].resting


def test_folders_of_projects_that_are_gone_go_and_those_of_others_stay(tmp_path: Path) -> None:
    for app_id in (ONE, TWO):
        (tmp_path / "volumes" / app_id).mkdir(parents=True)
    reconcile(context(tmp_path, "build", Door(app_ids={TWO})))
    assert [p.name for p in (tmp_path / "volumes").iterdir()] == [TWO]


@pytest.mark.parametrize("role", ["appserver", "database"])
def test_a_dump_whose_restore_was_killed_goes_and_one_that_is_being_restored_stays(tmp_path: Path, role: str) -> None:
    (dumps := tmp_path / "dumps").mkdir()
    for name, age in (("p00000042_t7.dump", 2 * ABANDONED), ("p00000042_t8.dump", ABANDONED / 2)):
        (dumps / name).touch()
        os.utime(dumps / name, times=(time.time() - age,) * 2)
    seams: dict[str, Any] = {"supervisor": FakeSupervisor(), "dbserver": FakeDatabaseServer()}
    reconcile(context(tmp_path, role, Door(), **seams))
    assert [one.name for one in dumps.iterdir()] == ["p00000042_t8.dump"]
