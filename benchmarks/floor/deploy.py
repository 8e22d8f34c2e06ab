"""The irreducible work of one deploy by hand, one command after the other, with uv.

Clone, an environment for this list of requirements (kept while the list stays), check, migrate, collectstatic, gunicorn
beside the old one, wait for its 200, retire the old one. SQLite, no proxy, no sandbox, no upload.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

UV = Path(sys.executable).with_name("uv")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class ByHand:
    """One project's site, deployed by hand into ``state``; it listens on ``port`` and ``port`` + 1 in turn."""

    def __init__(self, state: Path, repository: Path, cache: Path, port: int) -> None:
        self._state = state
        self._repository = repository
        self._ports = [port, port + 1]
        self._serving: subprocess.Popen[bytes] | None = None
        (state / "releases").mkdir(parents=True)
        database = f"sqlite:///{state / 'db.sqlite3'}"
        self._environment = {**os.environ, "UV_CACHE_DIR": str(cache), "DATABASE_URL": database}
        self._environment.pop("VIRTUAL_ENV", None)
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)  # the hand is as quick as it may be

    def deploy(self) -> float:
        """Seconds until the new code answered 200."""
        began = time.monotonic()
        code = self._state / "releases" / str(time.time_ns())
        self._run("git", "clone", "-q", self._repository, code, cwd=self._state)
        tools = self._filled(code / "requirements.txt") / "bin"
        for act in (["check"], ["migrate", "--noinput", "-v0"], ["collectstatic", "--noinput", "-v0"]):
            self._run(tools / "python", "manage.py", *act, cwd=code)
        old, self._serving = self._serving, self._serve(tools, code)
        if old is not None:
            old.terminate()
            old.wait(60)
        return time.monotonic() - began

    def stop(self) -> None:
        if self._serving is not None:
            self._serving.terminate()
            self._serving.wait(60)

    def _filled(self, requirements: Path) -> Path:
        place = self._state / hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
        if not place.exists():
            self._run(UV, "venv", "-q", "--python", PYTHON, place, cwd=self._state)
            self._run(UV, "pip", "install", "-q", "--python", place, "-r", requirements, cwd=self._state)
        return place

    def _serve(self, tools: Path, code: Path) -> subprocess.Popen[bytes]:
        port = self._ports[0]
        self._ports.reverse()
        address = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--log-level", "warning"]
        log = (self._state / "gunicorn.log").open("ab")
        with log:
            serving = subprocess.Popen(
                [tools / "gunicorn", "shop.wsgi", *address],
                cwd=code,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while not _answers(port):
            if serving.poll() is not None:
                raise RuntimeError(f"gunicorn ended: {(self._state / 'gunicorn.log').read_text()[-2000:]}")
            time.sleep(0.01)
        return serving

    def _run(self, *words: str | Path, cwd: Path) -> None:
        done = subprocess.run(words, cwd=cwd, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/version/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
