"""A stranger's first minutes, as README has them: a clone in a home that is closed to others, ``demo``, ``down``.

On a lower rung, which no other platform of the tests is on. ``uid``: root without namespaces; ``limits``, an ordinary
user without them, is left to be played by hand: CI has 20 minutes.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import platforms
from tests.hostile.ordinary import ROOT
from tests.waiting import until

NOT_CLONED = shutil.ignore_patterns(".git", ".venv", "*_cache", "__pycache__")
ORDINARY = pwd.getpwnam("nobody").pw_uid  # with a name: initdb asks for it
KEPT = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def closed() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="dzd-", dir="/tmp"))  # 0700
    yield folder
    shutil.rmtree(folder)


@pytest.mark.root
@pytest.mark.parametrize("rung", ["uid"])
def test_the_demo_ends_with_a_site_and_a_panel_that_answer(rung: str, closed: Path) -> None:
    clone, home = closed / "clone", closed / "home"
    shutil.copytree(ROOT, clone, ignore=NOT_CLONED, symlinks=True)
    home.mkdir()
    if rung == "limits":
        subprocess.run(["/usr/bin/chown", "-R", f"{ORDINARY}:{ORDINARY}", closed], check=True)
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(("PIP_", "UV_"))}
    where = {"DZ_HOME": f"/tmp/{closed.name}-home"} if rung == "uid" else {}  # others must pass there; a user's own not
    env = kept | platforms.own_ports() | where | {"HOME": str(home), "DZ_BROKER": "valkey"}
    try:
        demo = _bootstrap(rung, clone, env, "demo")
        assert demo.returncode == 0, demo.stdout + demo.stderr
        assert f"sandbox rung {rung}" in demo.stderr
        site, panel = re.findall(r"http://\S+", demo.stdout)[:2]
        assert _answers(site) == 200
        assert _answers(panel) == 200
    finally:
        down = _bootstrap(rung, clone, env, "down")
    assert down.returncode == 0, down.stdout + down.stderr
    until(lambda: not _working_in(closed, *where.values()), what="nothing of the platform runs", deadline=30)
    shutil.rmtree(where.get("DZ_HOME", home))


def _bootstrap(rung: str, clone: Path, env: dict[str, str], word: str) -> subprocess.CompletedProcess[str]:
    drop = ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    if rung == "limits":
        drop = [f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    confined = [
        sys.executable,
        ROOT / "tests/withoutnamespaces.py",
        "/usr/bin/setpriv",
        *drop,
        "--",
        "/usr/bin/env",
        "-i",
    ]
    words = [*confined, *(f"{name}={value}" for name, value in env.items()), python, "bin/bootstrap.py", word]
    return subprocess.run(words, cwd=clone, capture_output=True, text=True, timeout=400, check=False)


def _answers(url: str) -> int:
    """The status behind a URL, as a browser that resolves ``*.localhost`` by itself."""
    host, _, rest = url.removeprefix("http://").partition("/")
    port = host.rpartition(":")[2]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{rest}", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


def _working_in(*folders: Path | str) -> list[str]:
    """Processes whose command line or folder lies there."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                seen = f"{os.readlink(entry / 'cwd')} {(entry / 'cmdline').read_text()}"
            except OSError:
                continue
            if any(str(folder) in seen for folder in folders):
                found.append(seen)
    return found
