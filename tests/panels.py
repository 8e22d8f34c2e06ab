"""A real panel for tests: uvicorn on a unix socket over the test's zoomdb, the real ``dz`` as a process against it, and
hands that do a worker's part by the engine, so that a job goes as far as a test wants and no further."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until

SRC = Path(__file__).resolve().parent.parent / "src"
TOKEN = "a-token-of-tests"


@dataclass(kw_only=True)
class Panel:
    """``start`` and ``stop`` may be called in turn; ``dz`` and ``begin`` run the command line."""

    home: Path
    zoomdb: str
    keys_file: Path
    process: subprocess.Popen[bytes] | None = None
    begun: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        return self.home / "panel"

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        env = self.environment() | {"DZ_ZOOMDB_URL": self.zoomdb, "DZ_KEYS_FILE": str(self.keys_file)}
        env |= {"DZ_PANEL_URL": "http://localhost:8800/", "DZ_FILE_URLS": "true", "PYTHONWARNINGS": "error"}
        argv = [sys.executable, "-m", "uvicorn", "dz2.asgi:application", "--uds", str(self.socket)]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *argv, "--log-level", "warning", "--timeout-graceful-shutdown", "1"],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._answers, what="the panel answers")

    def _answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.home / "log").read_text()
        return self.socket.exists() and self.dz("jobs").code == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        kept["PATH"] = f"{Path(sys.executable).parent}:{kept['PATH']}"  # what is told to be typed is the bare dz
        return kept | {"DZ_HOME": str(self.home), "PYTHONPATH": str(SRC), "PYTHONUTF8": "1"}

    def begin(self, *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Running:
        said = self.home / f"stderr-{len(self.begun)}"
        with said.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "dz.cli", *words],
                env=self.environment() | dict(env or {}),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.begun.append(process)
        return Running(process, said)

    def on_terminal(self, *words: str, columns: int = 80) -> Typing:
        """``dz`` with a terminal on all three streams."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "dz.cli", *words],
            env=self.environment() | {"TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            text=True,
        )
        os.close(theirs)
        self.begun.append(process)
        return Typing(process, ours)

    def dz(self, *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ended:
        return self.begin(*words, env=env, cwd=cwd).end()


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[str]
    stderr: Path

    def says(self, text: str) -> None:
        until(lambda: text in self.stderr.read_text(), what=f"dz says {text!r}")

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> Ended:
        out, _ = self.process.communicate(timeout=90)
        return Ended(self.process.returncode, out, self.stderr.read_text())


@dataclass
class Typing:
    """A process at its terminal: ``shown`` is all that it wrote so far."""

    process: subprocess.Popen[str]
    terminal: int
    shown: str = ""

    def says(self, text: str) -> None:
        def read_on() -> bool:
            while text not in self.shown and select.select([self.terminal], [], [], 0)[0]:
                self.shown += self._read()
            return text in self.shown

        until(read_on, what=f"the terminal shows {text!r}")

    def types(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def end(self) -> int:
        """Reads to the end and gives the exit code."""
        while piece := self._read():
            self.shown += piece
        os.close(self.terminal)
        return self.process.wait(60)

    def _read(self) -> str:
        try:
            return os.read(self.terminal, 4096).decode()
        except OSError:  # Linux's way to say that the other side is closed
            return ""


@pytest.fixture(scope="module")
def panel_server(migrated: str, keys_file: Path) -> Iterator[Panel]:
    home = Path(tempfile.mkdtemp(prefix="dzp-", dir="/tmp"))
    panel = Panel(home=home, zoomdb=migrated, keys_file=keys_file)
    (home / "client.json").write_text(json.dumps({"socket": str(panel.socket), "url": "http://localhost:8800/"}))
    (home / "token").write_text(TOKEN + "\n")
    panel.start()
    try:
        yield panel
    finally:
        panel.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def panel(panel_server: Panel, zoomdb: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    """The panel over an empty zoomdb; what a test began and left running is killed."""
    from dz2 import accounts

    for name, value in {
        "DZ_HOME": panel_server.home,
        "DZ_ZOOMDB_URL": zoomdb,
        "DZ_PANEL_URL": "http://localhost:8800/",
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("DZ_KEYS_FILE", str(panel_server.keys_file))
    accounts.panel.cache_clear()
    if panel_server.process is None:
        panel_server.start()
    yield panel_server
    accounts.panel.cache_clear()
    for process in panel_server.begun:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
    panel_server.begun.clear()


class Hands:
    """Does a worker's part: claims what is ready and records what a test says."""

    host = "build-1"

    def claim(self, step: str) -> Any:
        from dz2 import engine
        from dz2.models import JobStep

        row = until(lambda: JobStep.objects.filter(name=step, state="ready").first(), what=f"{step} is ready")
        claimed = engine.claim(row.pk, row.attempt, host=self.host, pid=4711, lease=600)
        assert claimed is not None
        return claimed

    def end(
        self, claimed: Any, ended: str = "succeeded", result: Mapping[str, Any] | None = None, **error: str
    ) -> None:
        from dz2 import engine

        told = {"id": "", "sentence": "", "where": "", "next": ""} | error if error else None
        outcome = engine.Outcome(ended=engine.Ended(ended), result=result or {}, error=told)
        assert engine.record(claimed, outcome)

    def door(self, claimed: Any) -> Any:
        from dz2 import zoomdb

        return zoomdb.of_step(claimed, host=self.host)

    def write(self, claimed: Any, *lines: str) -> None:
        from dz2.joblog import Writer

        with Writer(claimed) as log:
            for line in lines:
                log.note(line)

    def check(self, *, variables: tuple[str, ...] = ()) -> None:
        """The whole of check_repo, which finds a project that needs these variables."""
        from dz.tasklib.records import Basis, Guess

        claimed = self.claim("check_repo")
        here = Basis(file="shop/settings.py", line=1, excerpt="import os", why="manage.py names it")
        found = [
            Guess(field="settings_module", value="shop.settings", basis=here, confidence=0.97, is_primary=True),
            Guess(field="project_root", value="", basis=here, confidence=1.0, is_primary=True),
        ]
        if variables:
            value = "\n".join([*variables, "SECRET_KEY"])
            found.append(Guess(field="environment", value=value, basis=here, confidence=0.9, is_primary=True))
            value = "\n".join(["VAT_RATE", *variables])
            found.append(Guess(field="environment_later", value=value, basis=here, confidence=0.5, is_primary=True))
        for line, name in enumerate(variables, 42):
            basis = Basis(
                file="shop/settings.py", line=line, excerpt=f'os.environ["{name}"]', why="read without a default"
            )
            found.append(Guess(field="environment", value=name, basis=basis, confidence=0.9))
        self.door(claimed).save_guesses(found, "[project]\ndjango_settings_module = shop.settings\n", "Shop")
        self.end(claimed, result={"commit": "7f3c9d1" + "0" * 33, "subject": "Add receipts", "branch": "main"})

    def deploy(self) -> None:
        """The whole of build_and_deploy, onto app-1."""
        from django.db.models.functions import Now

        from dz.names import Commit
        from dz2.models import AppServer, Host

        host, _ = Host.objects.update_or_create(
            instance_id="app-1", defaults={"role": "appserver", "last_heartbeat": Now(), "platform": "linux"}
        )
        AppServer.objects.get_or_create(host=host, defaults={"address": "127.0.0.1"})
        claimed = self.claim("build_and_deploy")
        commit = Commit("7f3c9d1" + "0" * 33)
        self.door(claimed).open_release(commit=commit, subject="Add receipts", branch="main", build_config="")
        self.end(claimed)
        for step in ("build_bundle", "create_database", "bundle_upload"):
            self.end(self.claim(step))
        claimed = self.claim("placement")
        deployment = self.door(claimed).place("app-1", ports=range(21000, 21100))
        self.end(claimed)
        for step in ("deploy", "post_build_hooks"):
            claimed = self.claim(step)
            self.door(claimed).healthy(deployment.id)
            self.end(claimed)
        claimed = self.claim("proxy_update")
        self.door(claimed).switched()
        self.end(claimed)
        self.end(self.claim("prune"))


@pytest.fixture
def hands() -> Hands:
    return Hands()
