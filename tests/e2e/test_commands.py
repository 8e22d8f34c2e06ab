"""``dz run`` and ``dz admin create`` on the sample site: its own interpreter, settings and database, typed at from here."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import playing
from tests.panels import Typing
from tests.platforms import DZ, Platform
from tests.playing import Project
from tests.waiting import until


@pytest.fixture(scope="module")
def shop(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = playing.sample(platform, tmp_path_factory.mktemp("commands"), "typed")
    ran = platform.dz("deploy", project.repository.url, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["adminless"] and f"dz admin create {project.name}" in ran.err
    assert {"name": project.name, "state": "live", "missing": ""} in platform.status()["sites"]
    return project


@contextmanager
def typing(platform: Platform, *words: str) -> Iterator[Typing]:
    """``dz`` at a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {**platform.environment, "TERM": "xterm"}
    process = subprocess.Popen(
        [DZ, *words], env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, text=True
    )
    os.close(theirs)
    try:
        yield Typing(process, ours)
    finally:
        process.kill()
        process.wait()


def latest(platform: Platform, project: Project) -> int:
    return int(platform.dz("jobs", project.name, "-n", "1", "--json").json["jobs"][0]["job"])


def test_exit_code_streams_and_input_are_the_commands_own(platform: Platform, shop: Project) -> None:
    code = "import sys; print(sys.stdin.read().upper()); print('no', file=sys.stderr); sys.exit(7)"
    ran = platform.dz("run", shop.name, "--", "python", "-c", code, stdin="typed")
    assert (ran.code, ran.out, ran.err) == (7, "TYPED\n", "no\n")
    told = until(
        lambda: (now := playing.job(platform, latest(platform, shop)))["state"] == "failed" and now, what="it is told"
    )
    assert (told["error_id"], told["code"]) == ("run.failed", 7)
    assert "TYPED" in platform.dz("job", str(told["job"]), "--log").out
    checked = platform.dz("run", shop.name, "--json", "--", "manage.py", "check")
    assert (checked.code, checked.json["code"], checked.json["state"]) == (0, 0, "succeeded")
    assert "no issues" in checked.json["output"]
    unknown = platform.dz("run", shop.name, "--", "manage.py", "nonsense")
    assert (unknown.code, "Unknown command" in unknown.err) == (1, True)
    assert platform.dz("run", "nowhere-at-all", "--", "manage.py", "check").code == 125


def test_an_administrator_is_made_by_one_command_or_by_typing(platform: Platform, shop: Project) -> None:
    made = platform.dz("admin", "create", shop.name, "--username", "admin", "--json")
    assert made.code == 0, made.err
    assert made.json["url"].endswith("/admin/")
    again = platform.dz("admin", "create", shop.name, "--username", "admin", "--json")
    assert (again.code, again.json["error_id"]) == (1, "run.no-admin"), again.err
    with typing(platform, "run", shop.name, "--", "manage.py", "createsuperuser") as terminal:
        terminal.says("Username")
        terminal.types("ada\r")
        terminal.says("Email")
        terminal.types("ada@example.org\r")
        terminal.says("Password:")
        terminal.types("a-very-long-word\r")
        terminal.says("again")
        terminal.types("a-very-long-word\r")
        terminal.says("Superuser created successfully")
        assert terminal.end() == 0
    who = (
        "from django.contrib.auth import authenticate\n"
        f"print([str(authenticate(username=n, password=p)) for n, p in (('admin', {made.json['password']!r}),"
        " ('ada', 'a-very-long-word'))])\n"
    )
    shell = platform.dz("run", shop.name, "--", "manage.py", "shell", stdin=who)
    assert "['admin', 'ada']" in shell.out, shell.err
    log = platform.dz("job", str(made.json["job"]), "--log").out
    assert made.json["password"] not in log


def test_a_deploy_passes_an_open_shell_which_goes_on(platform: Platform, shop: Project) -> None:
    with typing(platform, "run", shop.name, "--", "manage.py", "shell") as terminal:
        terminal.says(">>> ")
        terminal.types("import os, time; 'release ' + os.environ['DZ_RELEASE']\r")
        terminal.says("'release 1'")
        shop.change({"guestbook/later.py": "WORD = 2\n"})
        assert shop.deploy()["release"] == 2
        terminal.types("import hello.wsgi; hello.wsgi.__name__[::-1]\r")  # a file of the old release
        terminal.says("igsw.olleh")
        terminal.types("time.sleep(60)\r")
        terminal.types("\x03")
        terminal.says("KeyboardInterrupt")
        terminal.types("exit(5)\r")
        assert terminal.end() == 5


def test_dbshell_is_in_the_projects_own_database(platform: Platform, shop: Project) -> None:
    ran = platform.dz("run", shop.name, "--", "manage.py", "dbshell", stdin="SELECT current_database();\n")
    assert ran.code == 0, ran.err
    assert "p0000" in ran.out


def test_a_command_ends_with_its_typist_and_leaves_nothing(platform: Platform, shop: Project) -> None:
    with typing(platform, "run", shop.name, "--", "manage.py", "shell") as terminal:
        terminal.says(">>> ")
        number = latest(platform, shop)
        assert playing.left_of(platform, number)
        terminal.process.kill()
        terminal.process.wait()
    until(lambda: playing.job(platform, number)["state"] == "cancelled", what="the job is cancelled")
    assert playing.left_of(platform, number) == []
    left = [folder.name for folder in (platform.home / "run").glob("*/command-*")]
    assert left == []
