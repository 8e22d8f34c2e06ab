"""A project's own Redis, started with the file that the platform writes."""

from __future__ import annotations

import socket
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from types import SimpleNamespace
from typing import Any

import pytest

from dz.errors import Transient
from dz.local import providers
from dz.log import Secret
from dz.names import AppId
from dz.seams.sandbox import network
from dz.seams.supervisor import Program, Status
from dz.seams.supervisor.fake import FakeSupervisor
from dz.tasklib.appserver import ownredis
from dz.tasklib.appserver.deployments import undeploy
from dz.tasklib.appserver.ownredis import config
from dz.tasklib.appserver.ports import is_free
from dz.tasklib.filled import REDIS_AT
from dz.tasklib.folders import Folders, clear
from dz.tasklib.locks import locked
from dz.tasklib.reconcile import reconcile
from dz.tasklib.records import Redis
from tests.unit.tasklib.test_reconcile import Door, context
from tests.unit.tasklib.test_site import NoSandbox
from tests.waiting import until

REFUSED = (
    "CONFIG GET dir",
    "MODULE LIST",
    "SAVE",
    "REPLICAOF 10.0.0.1 6379",
    "SHUTDOWN",
    "ACL LIST",
    "MIGRATE h 1 k 0 1",
)
USED = ("LPUSH celery task", "SET key value EX 60", "EVAL return(1) 0", "FLUSHDB", "CLIENT SETNAME worker")


def program() -> str:
    found = providers.valkey(Path(sysconfig.get_paths()["purelib"]))
    return str(providers.executable(found, "valkey-server", "redis-server"))


def at(port: int) -> Redis:
    return Redis(app_id=AppId.of(42), port=port, password=Secret("r3dis"))


def free_port() -> int:
    with socket.create_server((REDIS_AT, 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    redis = at(free_port())
    file = tmp_path / "redis.conf"
    file.write_text(config(redis, tmp_path, 8))
    with Popen([program(), file], cwd=tmp_path) as process:
        try:
            until(lambda: not is_free(REDIS_AT, redis.port), what="it listens", deadline=30)
            yield redis
        finally:
            process.kill()


def said(redis: Redis, command: str, *, password: str) -> str:
    with socket.create_connection((REDIS_AT, redis.port), 5) as client, client.makefile("rwb") as talk:
        talk.write(f"AUTH {password}\r\n{command}\r\n".encode())
        talk.flush()
        talk.readline()
        return talk.readline().decode()


def test_it_does_what_libraries_ask_and_refuses_what_reaches_beyond_a_projects_keys(redis: Redis) -> None:
    assert said(redis, "PING", password="wrong").startswith("-NOAUTH")
    for command in USED:
        assert said(redis, command, password="r3dis")[0] in "+:", command
    for command in REFUSED:
        assert said(redis, command, password="r3dis").startswith("-NOPERM"), command


class Starts(FakeSupervisor):
    """Starts what it is given, once."""

    def __init__(self) -> None:
        super().__init__()
        self.started: dict[str, Popen[bytes]] = {}

    def start(self, program: Program) -> None:
        super().start(program)
        if program.name not in self.started:
            self.started[program.name] = Popen(program.argv, cwd=program.cwd)

    def stop(self, *names: str) -> None:
        super().stop(*names)
        for name in names:
            if process := self.started.pop(name, None):
                process.kill()
                process.wait(60)

    def status(self) -> dict[str, Status]:
        return {name: Status(name=name, state="running", pid=one.pid, since=1.0) for name, one in self.started.items()}


class Bare(NoSandbox):
    def site(self, box: Any, **_: Any) -> list[str]:
        return list(box.argv)

    def uid(self, _: AppId) -> None: ...


def test_a_stranger_at_its_port_is_told_nothing_and_the_next_port_is_taken(tmp_path: Path) -> None:
    supervisor, notes = Starts(), []
    with socket.create_server((REDIS_AT, 0)) as stranger:
        stranger.setblocking(False)
        taken = at(int(stranger.getsockname()[1]))
        door: Any = SimpleNamespace(
            project=lambda: SimpleNamespace(name="shop"),
            release=lambda: SimpleNamespace(build_config="[project]\nservices = redis\n", environment={}),
            redis_here=lambda **_: taken,
            redis_at_another_port=lambda **_: at(free_port()),
        )
        ctx = context(tmp_path, "appserver", door, supervisor=supervisor, sandbox=Bare())
        ctx.settings.ports, ctx.settings.redis_server, ctx.settings.redis_memory = "21000-65000", program(), 8
        ctx.log.note = lambda text, **_: notes.append(text)
        try:
            ctx.left = lambda *_: 1.0
            with pytest.raises(Transient, match="does not answer"):  # it came between the look and the start
                ownredis.run(ctx, taken)
            supervisor.stop(taken.program)
            ctx.left = lambda *_: 60.0
            ownredis.have(ctx)
        finally:
            supervisor.stop(taken.program)
        with pytest.raises(BlockingIOError):
            stranger.accept()
    assert notes[0] == f"port {taken.port} is used by another program of this host, trying the next for Redis"
    assert notes[1].startswith("Redis of the project runs at 127.0.0.1:")


def test_one_whose_data_was_deleted_starts_with_none_instead_of_never(tmp_path: Path) -> None:
    """No box can be made around a folder that is missing, and a site that can't have its Redis can't go live."""
    supervisor, redis = Starts(), at(free_port())
    ctx = context(tmp_path, "appserver", Door(), supervisor=supervisor, sandbox=Bare())
    ctx.settings.redis_server, ctx.settings.redis_memory = program(), 8
    try:
        for _ in range(2):
            assert ownredis.run(ctx, redis)
            supervisor.stop(redis.program)
            clear(Folders(tmp_path).redis(redis.app_id))
    finally:
        supervisor.stop(redis.program)


def test_where_it_does_not_come_up_the_job_says_where_it_wrote_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    door: Any = SimpleNamespace(
        project=lambda: SimpleNamespace(name="shop"),
        release=lambda: SimpleNamespace(build_config="[project]\nservices = redis\n", environment={}),
        redis_here=lambda **_: at(free_port()),
    )
    ctx = context(tmp_path, "appserver", door, supervisor=Starts(), sandbox=Bare())
    ctx.settings.ports = "21000-65000"
    ctx.log.note = lambda text, **_: notes.append(text)

    def fails(*_: object) -> bool:
        raise Transient("the project's Redis does not answer")

    monkeypatch.setattr(ownredis, "run", fails)
    with pytest.raises(Transient, match="does not answer"):
        ownredis.have(ctx)
    assert notes == ["what the project's Redis wrote: dz logs shop --process redis"]


class WithUid(Bare):
    def uid(self, app_id: AppId) -> int:  # type: ignore[override]
        return 600_000_000 + app_id.number


@pytest.mark.parametrize("leaves", ["destroyed", "moved"])
def test_a_port_that_it_leaves_is_open_to_the_next_project(
    tmp_path: Path, leaves: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The firewall lets nobody but its project answer there: the next one's site would never come up."""
    kept: set[tuple[int, int]] = set()
    monkeypatch.setattr(network, "let_own", lambda _, *pair: kept.add(pair))
    monkeypatch.setattr(network, "take_own", lambda _, *pair: kept.discard(pair))
    supervisor, door = Starts(), Door(redises_on=(at(free_port()),), app_ids={AppId.of(42)})
    ctx = context(tmp_path, "appserver", door, supervisor=supervisor, sandbox=WithUid())
    ctx.settings.uid_base, ctx.settings.redis_server, ctx.settings.redis_memory = 600_000_000, program(), 8
    try:
        reconcile(ctx)
        (redis,) = door.says.pop("redises_on")
        assert kept == {(600_000_042, redis.port)}
        if leaves == "destroyed":
            ownredis.stop(ctx, redis.app_id)
        else:
            reconcile(ctx)
    finally:
        supervisor.stop(at(0).program)
    assert not kept
    assert is_free(REDIS_AT, redis.port)


@pytest.mark.parametrize("step", [ownredis.rest, undeploy])
def test_it_is_not_stopped_while_a_reconcile_beside_has_the_projects_lock(tmp_path: Path, step: Any) -> None:
    """It may be about to start it, by rows that this step has changed since: that would run on, and of a project that
    is destroyed it would make the folders again."""
    app_id, supervisor = AppId.of(42), FakeSupervisor()
    door = Door(project=SimpleNamespace(app_id=app_id), redis_rests=True)
    ctx = context(tmp_path, "appserver", door, supervisor=supervisor, sandbox=Bare())
    ctx.left = lambda *_: 0.2
    redis = Program(name=at(1).program, argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log")
    supervisor.start(redis)
    with locked(Folders(tmp_path).lock(app_id), deadline=1, check=lambda: None), pytest.raises(Transient):
        step(ctx)
    assert redis.name in supervisor.programs
    step(ctx)
    assert redis.name not in supervisor.programs
