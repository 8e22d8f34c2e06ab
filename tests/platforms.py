"""The real embedded platform for tests: one per session and broker, with short times; a test takes a fresh project."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.waiting import until

DZ = str(Path(sys.executable).with_name("dz"))
# What a busy two-core machine can still keep, and yet short.
TIMES = {
    "DZ_LEASE": "6",
    "DZ_RENEW": "1.5",
    "DZ_HEARTBEAT": "2",
    "DZ_RING_AGAIN": "2",
    "DZ_DRAIN": "10",
    "DZ_ANSWER": "40",
    "DZ_RECONCILE_EVERY": "20",
    "DZ_BACKUP_AT": "",  # a test runs at any hour
    "DZ_TESTING": "1",
    "DZ_RELEASE_HEADER": "1",
    "UV_PYTHON_DOWNLOADS": "never",  # what a test gets is what this machine has, with or without the internet
}


@dataclass(frozen=True)
class Ran:
    """One ``dz`` command: its exit code, streams, and the document of ``--json``."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert self.out, f"nothing on stdout; stderr: {self.err}"
        document: dict[str, Any] = json.loads(self.out)
        return document


@dataclass
class Platform:
    """A running platform in ``home``; ``broker`` is valkey or rabbitmq."""

    home: Path
    broker: str
    environment: Mapping[str, str] = field(repr=False)
    begun: list[subprocess.Popen[str]] = field(default_factory=list, repr=False)

    @property
    def port(self) -> int:
        return int(json.loads((self.home / "state.json").read_text())["port"])

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    @contextmanager
    def parked(self, *steps: str) -> Iterator[None]:
        """While it lasts these steps do their work, but are not over: they wait before they record it."""
        with ExitStack() as stack:
            for step in steps:
                stack.enter_context(self.fault(f"{step}.effect", "hold"))
            yield

    @contextmanager
    def fault(self, point: str, action: str) -> Iterator[Path]:
        """While it lasts the first attempt at that step dies or waits at its point, as ``dz.tasks.faults`` tells."""
        file = self.home.parent / "faults" / point
        coming = file.with_name(f"{point}.coming")
        coming.write_text(action)
        coming.rename(file)
        try:
            yield file
        finally:
            file.unlink()
            file.with_name(f"{point}.held").unlink(missing_ok=True)  # of a process that was killed there

    def dz(self, *words: str | Path, deadline: float = 240.0, stdin: str = "") -> Ran:
        """Run the real command line against this platform."""
        done = subprocess.run(
            [DZ, *map(str, words)],
            env=self.environment,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=deadline,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def begin(self, *words: str | Path) -> subprocess.Popen[str]:
        """The same, not waited for; killed at the end if nobody did."""
        process = subprocess.Popen(
            [DZ, *map(str, words)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.begun.append(process)
        return process

    def deploy(self, target: str | Path, *more: str, code: int = 0) -> dict[str, Any]:
        """Deploy with ``--json``; the job's log is shown when it ends otherwise than by ``code``."""
        url = f"file://{target}" if str(target).startswith("/") else str(target)
        ran = self.dz("deploy", url, "--json", *more)
        assert ran.code == code, f"{ran.out}\n{ran.err}\n{self.log(ran)}"
        return ran.json

    def log(self, ran: Ran) -> str:
        try:
            return self.dz("job", str(ran.json["job"]), "--log").out[-6000:]
        except (ValueError, KeyError, TypeError, AssertionError):
            return ""

    def ask(
        self,
        host: str,
        path: str = "/",
        *,
        method: str = "GET",
        body: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str, Mapping[str, str]]:
        """One request through nginx with the site's Host header: status, body, headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = {"Host": f"{host}:{self.port}", **(headers or {})}
            connection.request(method, path, body=body or None, headers=named)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace"), dict(answer.getheaders())
        finally:
            connection.close()

    def status(self) -> dict[str, Any]:
        return self.dz("status", "--json").json

    def service(self, name: str) -> dict[str, Any]:
        return next(one for one in self.status()["services"] if one["name"] == name)

    def kill(self, service: str, sign: int = signal.SIGKILL) -> int:
        """Signal a service's main process; returns the pid it had."""
        pid = int(self.service(service)["pid"])
        os.kill(pid, sign)
        return pid

    def up(self) -> None:
        ran = self.dz("up", deadline=180)
        assert ran.code == 0, ran.err

    def down(self) -> None:
        ran = self.dz("down", deadline=120)
        assert ran.code == 0, ran.err

    def processes(self) -> list[int]:
        """Every process that works in this platform's home or carries it in its environment."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    at_home = Path(os.readlink(entry / "cwd")).is_relative_to(self.home)
                    named = f"DZ_HOME={self.home}".encode() in (entry / "environ").read_bytes()
                except OSError:
                    continue
                if at_home or named:
                    found.append(int(entry.name))
        return found


def start(broker: str, **more: str) -> Platform:
    """A platform of its own in a short new folder; ``more`` of its environment."""
    root = Path(tempfile.mkdtemp(prefix="dzp-", dir="/tmp"))
    root.chmod(0o755)
    (root / "faults").mkdir()
    (root / "faults").chmod(0o777)  # each worker's user says there that it waits
    home = root / "h"
    environment = {**os.environ, **TIMES, **own_ports(), "DZ_HOME": str(home), "DZ_BROKER": broker}
    environment["PATH"] = f"{Path(DZ).parent}:{environment['PATH']}"  # what is told to be typed is the bare dz
    environment |= {"DZ_FAULT": f"@{root / 'faults'}", **more}
    platform = Platform(home, broker, environment)
    platform.up()
    return platform


_held: list[IO[str]] = []  # each block of ports is ours as long as this process lives


def own_ports() -> dict[str, str]:
    """Ports, and Unix users of projects, that no other platform of tests on this machine has, whoever runs it."""
    for number in range(30):
        file = Path(f"/tmp/dz-test-ports-{number}")
        if not file.exists():
            file.touch(0o644)
        lock = file.open()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _held.append(lock)
        first = 23000 + 100 * number
        uids = str(1_000_000_000 + 100_000_000 * number)  # as far apart as two platforms' have to be
        return {"DZ_PORTS": f"{first}-{first + 99}", "DZ_FIRST_PORT": str(8820 + number), "DZ_UID_BASE": uids}
    raise AssertionError("30 platforms of tests run on this machine")


def stop(platform: Platform) -> None:
    """Down, and nothing is left."""
    for process in platform.begun:
        process.kill()
        process.communicate()
    platform.down()
    until(lambda: not platform.processes(), what="every process of the platform is gone", deadline=30)
    shutil.rmtree(platform.home.parent, ignore_errors=True)


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The session's platform on Valkey."""
    running = start("valkey")
    try:
        yield running
    finally:
        stop(running)


@pytest.fixture(scope="session")
def rabbit_platform() -> Iterator[Platform]:
    """The session's platform on RabbitMQ, which CI installs."""
    if shutil.which("rabbitmq-server") is None and not Path("/usr/lib/rabbitmq/bin/rabbitmq-server").exists():
        pytest.skip("RabbitMQ is not installed")
    running = start("rabbitmq")
    try:
        yield running
    finally:
        stop(running)
