"""Real Celery workers and the real dispatcher, on real brokers: the doorbell and the rows together."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from dz.seams.sandbox import killing
from dz.tasklib.context import kill_id
from tests import brokers
from tests.postgres import SRC
from tests.role import toyland
from tests.waiting import until

WORKER = ("-m", "celery", "-A", "dz.tasks", "worker", "-Q", "build")
APPSERVER = (*WORKER[:6], "all_appservers,appserver_app-1", *WORKER[7:])
DISPATCHER = ("-m", "dz.tasks.dispatch")
TIMES = {
    "AUTOSCALE_KEEPALIVE": "1",
    "DZ_LEASE": "3",
    "DZ_RENEW": "0.5",
    "DZ_HEARTBEAT": "0.5",
    "DZ_RING_AGAIN": "1",
    "DZ_RECONCILE_EVERY": "1",
}


@dataclass(slots=True)
class Land:
    """One toy platform: its broker, and the processes that a test started."""

    broker: brokers.Broker
    env: dict[str, str]
    home: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, argv: tuple[str, ...], **extra: str) -> subprocess.Popen[bytes]:
        log = (self.home / "log").open("ab")
        process = subprocess.Popen(
            [sys.executable, *argv],
            cwd=self.home,
            env=self.env | extra,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.running.append(process)
        return process

    def without(self, removed: Mapping[str, list[tuple[str, str]]]) -> None:
        """From now on what is started runs a source without these guards."""
        self.env["PYTHONPATH"] = str(toyland.lay(self.home / "without", removed))

    def end(self) -> None:
        for process in self.running:
            children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            for one in (process, *children):
                one.kill()
            process.wait(60)
        self.running.clear()

    def log(self) -> str:
        return (self.home / "log").read_text()[-6000:]


@pytest.fixture(scope="module", params=brokers.NAMES)
def broker(request: pytest.FixtureRequest) -> Iterator[brokers.Broker]:
    if request.param == "rabbitmq" and shutil.which("rabbitmq-server") is None:
        pytest.skip("RabbitMQ is not installed")
    with brokers.broker(request.param) as one:
        yield one


@pytest.fixture
def land(broker: brokers.Broker, zoomdb: str, keys_file: Path) -> Iterator[Land]:
    home = Path(tempfile.mkdtemp(prefix="dztoy-", dir="/tmp"))
    source = toyland.lay(home / "src")
    env = {k: v for k, v in os.environ.items() if not k.startswith("DZ_")} | TIMES
    env |= {"PYTHONPATH": str(source), "DZ_HOME": str(home), "DZ_ZOOMDB_URL": zoomdb, "DZ_KEYS_FILE": str(keys_file)}
    env |= {"DZ_BROKER_URL": broker.url, "DZ_ROLE": "build", "DZ_INSTANCE_ID": "build-1", "DZ_TESTING": "1"}
    one = Land(broker, env, home)
    try:
        yield one
    finally:
        one.end()
        shutil.rmtree(home, ignore_errors=True)


@dataclass(slots=True)
class Jobs:
    """Toy jobs and what they did."""

    land: Land
    pipelines: Any

    def accept(self, kind: str = "build_and_deploy", **whims: str) -> Any:
        from dz2 import engine
        from tests.role import jobs

        params = {"effects": str(self.land.home / "effects"), **whims}
        return engine.accept(self.pipelines[kind], jobs.project(), params)

    def ended(self, job: Any) -> str:
        def look() -> str:
            job.refresh_from_db()
            return str(job.state) if job.finished_at else ""

        try:
            return until(look, what=f"job {job.pk} has ended", deadline=90)
        except AssertionError as error:
            steps = list(job.steps.values_list("name", "state", "attempt", "rings"))
            raise AssertionError(f"{error}\n{steps}\n{self.land.log()}") from None

    def effects(self, job: Any) -> list[str]:
        file = self.land.home / "effects"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line.split()[1] for line in lines if line.split()[0] == str(job.pk)]

    def started(self, job: Any, step: str) -> int:
        """The pid in which that step runs by now."""
        file = self.land.home / f"effects.{job.pk}.{step}"
        until(file.exists, what=f"{step} has started", deadline=90)
        return int(file.read_text())


@pytest.fixture
def toys(land: Land) -> Jobs:
    import importlib.util

    spec = importlib.util.spec_from_file_location("toy_jobs", toyland.TOYS / "toy_jobs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Jobs(land, module.PIPELINES)


def test_jobs_run_through_worker_and_dispatcher_and_outlive_the_death_of_a_child(land: Land, toys: Jobs) -> None:
    from dz2 import engine
    from dz2.models import Host, JobLog

    land.start(DISPATCHER)
    worker = land.start(WORKER)
    pool = psutil.Process(worker.pid)
    plain, told = toys.accept(build_bundle="log"), toys.accept(build_bundle="user")
    retried, killed = toys.accept("check_repo", check_repo="transient"), toys.accept("check_repo", check_repo="bug")
    all_of_it = (plain, told, retried, killed)
    states = [toys.ended(job) for job in all_of_it]
    assert states == ["succeeded", "failed", "succeeded", "errored"], [job.error for job in all_of_it]
    assert sorted(toys.effects(plain)) == ["build_bundle", "bundle_upload", "create_database", "proxy_update"]
    assert dict(plain.steps.values_list("name", "rings"))["bundle_upload"] == 0, "who built it went on with it"
    assert plain.result["collects"], "a worker starts without a garbage collector, and works with one"
    lines = list(JobLog.objects.filter(job=plain).values_list("seq", "text"))
    assert lines == [(i + 1, f"line {i}") for i in range(500)]
    assert told.error["where"] == "shop/urls.py:3 import nothing" and told.error["step"] == "build_bundle"
    assert "nobody foresaw this" in killed.error["sentence"]
    assert JobLog.objects.filter(job=killed, text__contains="RuntimeError").exists()
    host = Host.objects.get(instance_id="build-1")
    assert (host.role, host.pid) == ("build", worker.pid) and host.load is not None
    until((land.home / "reconciled-build-1").exists, what="the worker reconciled when it was up")

    victim = toys.accept("check_repo", check_repo="wait")
    os.kill(toys.started(victim, "check_repo"), signal.SIGKILL)
    assert toys.ended(victim) == "succeeded"
    assert victim.steps.get().attempt == 2
    assert toys.effects(victim) == ["check_repo"]

    shell = toys.accept("terminal", terminal="wait")
    toys.started(shell, "terminal")
    land.start(APPSERVER, DZ_ROLE="appserver", DZ_INSTANCE_ID="app-1")
    for what in ("it came up", "the dispatcher told all appservers"):
        until((land.home / "reconciled-app-1").exists, what=f"app-1 reconciled as {what}", deadline=90)
        (land.home / "reconciled-app-1").unlink()
    until(lambda: len(pool.children()) == 1, what="a pool keeps no process but the one that a step aside came from")
    assert engine.cancel(shell.pk, pipelines=toys.pipelines) == engine.CancelAnswer.REQUESTED
    assert (toys.ended(shell), shell.steps.get().attempt) == ("cancelled", 1)
    until(lambda: not pool.children(), what="a pool with nothing to do has no process")
    assert land.log().count("exited with") == 1  # the victim's


def test_a_cancelled_step_stops_and_a_worker_that_was_killed_is_replaced(land: Land, toys: Jobs) -> None:
    from dz2 import engine

    land.start(DISPATCHER)
    first = land.start(WORKER)
    stopped = toys.accept("check_repo", check_repo="wait")
    toys.started(stopped, "check_repo")
    assert engine.cancel(stopped.pk, pipelines=toys.pipelines) == engine.CancelAnswer.REQUESTED
    assert toys.ended(stopped) == "cancelled"

    job = toys.accept(build_bundle="wait")
    toys.started(job, "build_bundle")
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(60)
    land.start(WORKER)
    assert toys.ended(job) == "succeeded"
    assert sorted(toys.effects(job)) == ["build_bundle", "bundle_upload", "create_database", "proxy_update"]
    assert job.steps.get(name="build_bundle").attempt == 2


def test_a_frozen_child_wakes_up_to_a_lost_lease_and_has_no_effect(land: Land, toys: Jobs) -> None:
    land.start(DISPATCHER)
    land.start(WORKER)
    job = toys.accept("check_repo", check_repo="wait")
    frozen = toys.started(job, "check_repo")
    os.kill(frozen, signal.SIGSTOP)
    try:
        assert toys.ended(job) == "succeeded"  # the other child of this worker
    finally:
        os.kill(frozen, signal.SIGCONT)
    until(lambda: not psutil.pid_exists(frozen), what="the woken process is gone")
    assert toys.effects(job) == ["check_repo"]
    assert job.steps.get().attempt == 2


@pytest.mark.parametrize("broker", ["valkey"], indirect=True)
def test_the_next_attempt_ends_the_processes_of_the_one_before_which_wakes_up_too_late_to_end_its(
    land: Land, toys: Jobs
) -> None:
    land.start(DISPATCHER)
    land.start(WORKER)
    job = toys.accept("check_repo", check_repo="command")
    frozen, step = toys.started(job, "check_repo"), job.steps.get().pk

    def commands(attempt: int) -> list[int]:
        return killing.carriers(kill_id(land.home, "build-1", step, attempt))

    until(lambda: commands(1), what="the first attempt's command runs")
    os.kill(frozen, signal.SIGSTOP)
    try:
        until(lambda: commands(2), what=f"the second attempt's command runs\n{land.log()}")
        assert not commands(1)
    finally:
        os.kill(frozen, signal.SIGCONT)
    until(lambda: not psutil.pid_exists(frozen), what="the woken process is gone")
    assert commands(2)
    (land.home / "effects.go").touch()
    assert toys.ended(job) == "succeeded"
    assert job.steps.get().attempt == 2


def test_doubled_and_stale_messages_have_one_effect(land: Land, toys: Jobs) -> None:
    job = toys.accept("check_repo")
    step = job.steps.get()
    # Rung twice for the current attempt and twice for one that never was, before anybody listens.
    ring = f"""
from dz.tasks.celeryapp import app, BROKER_URL
from dz.tasks.queues import step_queue
for attempt in (1, 1, 7, 7):
    app.send_task("check_repo", ({step.pk}, attempt), queue=step_queue("build", BROKER_URL))
"""
    assert land.start(("-c", ring)).wait(90) == 0, land.log()
    land.start(WORKER)
    assert toys.ended(job) == "succeeded"
    assert toys.effects(job) == ["check_repo"]


RING = """
from dz.tasks.celeryapp import app, BROKER_URL
from dz.tasks.queues import step_queue
app.send_task("check_repo", ({step}, 1), queue=step_queue("appserver_app-1", BROKER_URL))
"""
BROADCAST = """
from kombu import Queue
from dz.tasks.celeryapp import app
from dz.tasks.queues import all_appservers
everywhere = all_appservers()
app.send_task("reconcile", (), queue=Queue(everywhere.name, everywhere), declare=[everywhere])
"""


def test_a_busy_appserver_rests_while_a_broadcast_waits_for_it_and_when_the_broker_dies(land: Land, toys: Jobs) -> None:
    from dz2 import engine

    def busy() -> Any:
        job = toys.accept("check_repo", check_repo="wait")
        assert land.start(("-c", RING.format(step=job.steps.get().pk))).wait(90) == 0, land.log()
        toys.started(job, "check_repo")
        return job

    worker = land.start(APPSERVER, DZ_ROLE="appserver", DZ_INSTANCE_ID="app-1")
    until((land.home / "reconciled-app-1").exists, what=f"it is up\n{land.log()}", deadline=90)
    (land.home / "reconciled-app-1").unlink()
    job = busy()
    short = toys.accept("check_repo")
    assert land.start(("-c", RING.format(step=short.steps.get().pk))).wait(90) == 0, land.log()
    assert toys.ended(short) == "succeeded", "one that lasts leaves room for another beside it"
    busy()
    assert land.start(("-c", BROADCAST)).wait(90) == 0, land.log()
    assert psutil.Process(worker.pid).cpu_percent(2) < 30
    engine.cancel(job.pk, pipelines=toys.pipelines)
    until((land.home / "reconciled-app-1").exists, what=f"it heard the broadcast\n{land.log()}", deadline=90)
    busy()
    land.broker.kill()
    assert psutil.Process(worker.pid).cpu_percent(2) < 30
    land.broker.start()


def test_jobs_end_without_confirms_late_acknowledgement_and_the_brokers_disk(land: Land, toys: Jobs) -> None:
    """They make things fast, not right."""
    land.without(
        {
            "dz/tasks/celeryapp.py": [
                ("task_acks_late=True", "task_acks_late=False"),
                ('"confirm_publish": True', '"confirm_publish": False'),
            ]
        }
    )
    land.start(DISPATCHER)
    land.start(WORKER)
    job = toys.accept("check_repo", check_repo="wait")
    child = toys.started(job, "check_repo")
    land.broker.kill()
    land.broker.lose_disk()
    lost = toys.accept("check_repo")
    until(lambda: "dispatch.broker" in land.log(), what="the dispatcher noticed")
    os.kill(child, signal.SIGKILL)
    land.broker.start()
    assert [toys.ended(job), toys.ended(lost)] == ["succeeded", "succeeded"]
    assert (toys.effects(job), toys.effects(lost)) == (["check_repo"], ["check_repo"])


EARLY = """
        engine.record(claimed, Outcome(ended=Ended.SUCCEEDED))
        point("effect", step=step.name, attempt=claimed.attempt)
        outcome = _attempt(claimed, step, settings, seams, lease, writer)
"""
LATE = """
        outcome = _attempt(claimed, step, settings, seams, lease, writer)
        point("effect", step=step.name, attempt=claimed.attempt)
"""


@pytest.mark.parametrize("broker", ["valkey"], indirect=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_a_result_that_is_recorded_before_its_effect_may_be_a_lie(land: Land, toys: Jobs, guarded: bool) -> None:
    if not guarded:
        land.without({"dz/tasks/runner.py": [(LATE, EARLY)]})
    land.start(DISPATCHER)
    land.start(WORKER, DZ_FAULT="effect:kill")
    job = toys.accept("check_repo")
    assert toys.ended(job) == "succeeded"
    assert bool(toys.effects(job)) is guarded


@pytest.mark.parametrize("broker", ["valkey"], indirect=True)
def test_the_plain_command_line_with_its_environment_is_a_complete_build_host(land: Land) -> None:
    """The real source, with the sandbox that this machine gives. What a dead worker left of its steps is ended."""
    from dz2.models import Host

    land.env |= {"PYTHONPATH": str(SRC), "DZ_TRUSTED_CODE": "1"}
    left, stranger = (
        land.start(("-c", "import time; time.sleep(300)"), DZ_KILL_ID=kill_id(land.home, name, 7, 1))
        for name in ("build-1", "build-2")
    )
    worker = land.start(WORKER)
    host = until(lambda: Host.objects.filter(role="build").first(), what=f"it beats\n{land.log()}", deadline=90)
    assert host.sandbox in ("full", "user", "uid", "limits")
    assert host.platform.startswith("linux-")
    until(lambda: "reconcile.finished" in land.log(), what=f"it reconciled\n{land.log()}", deadline=90)
    assert (left.poll(), stranger.poll()) == (-signal.SIGKILL, None)
    assert psutil.Process(worker.pid).nice() == 5, "visitors come first"


@pytest.mark.parametrize("broker", ["valkey"], indirect=True)
def test_a_joined_host_that_keeps_projects_hardly_apart_refuses_to_start_and_names_the_mend(land: Land) -> None:
    low = "uid" if os.geteuid() == 0 else "limits"
    land.env |= {"PYTHONPATH": str(SRC), "DZ_SANDBOX": low}
    assert land.start(WORKER).wait(90) != 0
    assert f"stands on the rung {low}" in land.log() and "DZ_TRUSTED_CODE=1" in land.log()
