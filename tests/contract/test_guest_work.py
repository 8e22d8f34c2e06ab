"""A process beside web: its line's words, its environment, and how it is told to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from dz.run import environment as process_environment
from tests.guests import GUEST, Site, environment, everywhere
from tests.waiting import until

# Like a Celery worker: children in its own group, which must not be told to stop.
WORKS = """
import os, signal, sys, time
child = os.fork()
if child == 0:
    signal.signal(signal.SIGTERM, lambda *_: open("child-was-told", "w").close())
    open("child", "w").write(str(os.getpid()))
    while True:
        time.sleep(0.05)
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
open("started", "w").close()
while not (asked and os.path.exists("go")):
    time.sleep(0.02)
os.kill(child, 9)
print("finished", flush=True)
"""
TELLS = "import django, json, os, sys; from django.conf import settings; print('TOLD' + json.dumps([sys.argv[1:], " + (
    "os.environ['DJANGO_SETTINGS_MODULE'], settings.ROOT_URLCONF, os.environ.get('FLAVOUR')]))"
)


def begin(site: Site, *words: str, **extra: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(site.python), str(GUEST), "work", *words],
        env=process_environment(site.prepare(**extra)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def told(site: Site, *words: str, **extra: str) -> list[object]:
    finished = site.guest("work", *words, **extra)
    assert finished.ok, finished.text
    found: list[object] = json.loads(finished.text.partition("TOLD")[2].splitlines()[0])
    return found


@everywhere
def test_a_script_runs_under_the_wrapper_with_its_variables_filled_in_without_a_shell(
    name: str, tmp_path: Path
) -> None:
    site = Site.of(tmp_path, environment(name), {"tells.py": TELLS})
    words = ["FLAVOUR=sweet", "python", "-u", "tells.py", "${COUNT:-3}", "$SIZE;ls", "$NOTHING", "a b"]
    assert told(site, *words, SIZE="9") == [["3", "9;ls", "a b"], "dz_guest.settings", "site_urls", "sweet"]


@everywhere
@pytest.mark.parametrize("line", ["python manage.py", "python3 -u -m django", "./manage.py", "django-admin"])
def test_manage_py_is_the_guests_own(line: str, name: str, tmp_path: Path) -> None:
    site = Site.of(tmp_path, environment(name), {"manage.py": "raise SystemExit('never run')"})
    finished = site.guest("work", *line.split(), "peek", "ROOT_URLCONF")
    assert finished.ok and 'PEEK{"ROOT_URLCONF": "site_urls"}' in finished.text, finished.text


@everywhere
def test_only_its_first_process_is_told_to_stop_and_it_takes_its_time(name: str, tmp_path: Path) -> None:
    """TERM goes to the whole group, as a supervisor sends it."""
    site = Site.of(tmp_path, environment(name), {"works.py": WORKS})
    process = begin(site, "python", "works.py")
    try:
        until((site.code / "started").exists, what="it works")
        os.killpg(process.pid, signal.SIGTERM)
        (site.code / "go").touch()
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, b"finished\n")
        assert not (site.code / "child-was-told").exists()
    finally:
        process.kill()
        process.wait()


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    site = Site.of(tmp_path, environment("newest"), {"works.py": WORKS.replace("child = os.fork()", "child = 1")})
    process = begin(site, "python", "works.py")
    until((site.code / "started").exists, what="it works")
    command = psutil.Process(process.pid).children()[0]
    process.kill()
    process.communicate(timeout=60)
    until(lambda: not command.is_running() or command.status() == psutil.STATUS_ZOMBIE, what="the command is gone")


def test_a_script_beside_the_procfile_runs_there_where_manage_py_is_in_a_folder(tmp_path: Path) -> None:
    site = Site.of(tmp_path, environment("newest"), {})
    root = tmp_path / "checkout"
    root.mkdir()
    script = root / "tick.sh"
    script.write_text("#!/bin/sh\necho from $PWD\n")
    script.chmod(0o755)
    site.spec["code"] = str(root)
    assert site.guest("work", "./tick.sh").text.startswith(f"from {root}\n")


def test_how_it_ended_is_said_and_passed_on(tmp_path: Path) -> None:
    site = Site.of(tmp_path, environment("newest"), {"ends.py": "raise SystemExit(7)"})
    ended = site.guest("work", "python", "ends.py")
    assert (ended.code, ended.text) == (7, "ended: exit 7\n")
    missing = site.guest("work", "no-such-program")
    assert missing.code == 127 and "cannot start no-such-program: No such file or directory" in missing.text
