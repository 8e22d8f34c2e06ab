"""Every command of ``dz`` x the ways it can go wrong before anything is done, against the real API.

A command that is new in the grammar has to be told here how it answers a name that is no project's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from dz.cli import clone
from dz.cli.commands import COMMANDS
from tests.panels import TOKEN, Ended, Hands, Panel
from tests.repositories import new_repository

NOT_FOUND = "project.not-found"
# command: what is typed for a project (or job) that there is not, and the error that this is
ASKING = {
    "check": ("nowhere", NOT_FOUND),
    "deploy": ("nowhere", NOT_FOUND),
    "git": ("nowhere --yes", "push.none-here"),  # on a platform with pushes it makes the project
    "jobs": ("nowhere", NOT_FOUND),
    "job": ("4711", "job.not-found"),
    "job cancel": ("4711", "job.not-found"),
    "logs": ("nowhere", NOT_FOUND),
    "releases": ("nowhere", NOT_FOUND),
    "rollback": ("nowhere", NOT_FOUND),
    "restart": ("nowhere", NOT_FOUND),
    "env": ("nowhere", NOT_FOUND),
    "env get": ("nowhere KEY", NOT_FOUND),
    "env set": ("nowhere KEY=1", NOT_FOUND),
    "env unset": ("nowhere KEY", NOT_FOUND),
    "env leave": ("nowhere KEY", NOT_FOUND),
    "env import": ("nowhere /dev/null", NOT_FOUND),
    "run": ("nowhere -- manage.py check", NOT_FOUND),
    "db info": ("nowhere", NOT_FOUND),
    "db backup": ("nowhere", NOT_FOUND),
    "db restore": ("nowhere --yes", NOT_FOUND),
    "db download": ("nowhere", NOT_FOUND),
    "ps": ("nowhere", NOT_FOUND),
    "scale": ("nowhere web=2", NOT_FOUND),
    "open": ("nowhere", NOT_FOUND),
    "domains": ("nowhere", NOT_FOUND),
    "domains add": ("nowhere www.example.org", NOT_FOUND),
    "domains remove": ("nowhere www.example.org", NOT_FOUND),
    "deactivate": ("nowhere", NOT_FOUND),
    "activate": ("nowhere", NOT_FOUND),
    "destroy": ("nowhere --yes", NOT_FOUND),
    "admin create": ("nowhere", NOT_FOUND),
}
NAMELESS = {"projects"}  # nothing can be typed wrong
# What works on this machine's platform itself, or on none, without the API: told by what they don't understand.
LOCAL = {"completion", "up", "down", "status", "doctor", "db psql", "admin link", "broker setup"}


def test_every_command_has_its_row() -> None:
    assert set(ASKING) | LOCAL | NAMELESS == set(COMMANDS)
    assert {one.words for one in COMMANDS.values() if one.local or one.alone} == LOCAL


def typed(words: str) -> list[str]:
    """The command with --json before what is another program's."""
    own, dashes, others = ASKING[words][0].partition(" -- ")
    return [*words.split(), *own.split(), "--json", *([dashes.strip(), *others.split()] if dashes else [])]


def told(ended: Ended) -> tuple[int, str]:
    """The exit code and error of exactly one document, on stdout."""
    assert "Traceback" not in ended.err
    return ended.code, json.loads(ended.out)["error_id"]


def another_home(folder: Path, socket: Path, token: str) -> dict[str, str]:
    folder.mkdir()
    (folder / "client.json").write_text(json.dumps({"socket": str(socket), "url": "http://localhost:8800/"}))
    (folder / "token").write_text(token + "\n")
    return {"DZ_HOME": str(folder)}


def never(words: str, code: int) -> int:
    found = COMMANDS[words].never
    return code if found is None else found


@pytest.mark.parametrize("words", ASKING)
def test_a_command_that_comes_to_nothing_says_so_in_one_document(panel: Panel, words: str, tmp_path: Path) -> None:
    """A wrong name, a wrong token, a platform that is down, and a reader that went away; side by side, for the clock."""
    line = typed(words)
    unknown = panel.begin(*line)
    refused = panel.begin(*line, env=another_home(tmp_path / "refused", panel.socket, "not-the-token"))
    down = panel.begin(*line, env=another_home(tmp_path / "down", tmp_path / "nobody-listens", TOKEN))
    assert unread(panel, *line) == never(words, 1)
    assert told(unknown.end()) == (never(words, 1), ASKING[words][1])
    assert told(refused.end()) == (never(words, 4), "api.not-signed-in")
    assert told(down.end()) == (never(words, 3), "cli.unreachable")


def test_help_that_nobody_reads_is_no_traceback(panel: Panel) -> None:
    assert unread(panel, "--help") == 0


def unread(panel: Panel, *line: str) -> int:
    """The exit code where the pipe that stdout is has no reader."""
    reads, writes = os.pipe()
    os.close(reads)
    ran = subprocess.run(
        [sys.executable, "-m", "dz.cli", *line],
        env=panel.environment(),
        stdin=subprocess.DEVNULL,
        stdout=writes,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writes)
    assert b"Traceback" not in ran.stderr and b"ignored" not in ran.stderr, ran.stderr
    return ran.returncode


@pytest.mark.parametrize("words", sorted(LOCAL - {"db psql"}))
def test_a_local_command_that_is_not_understood_is_one_document(words: str) -> None:
    argv = [sys.executable, "-m", "dz.cli", *words.split(), "--wat", "--json"]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, json.loads(ran.stdout)["error_id"]) == (2, "cli.usage")


# What changes a site, typed while a job of it runs. Each waits, but a backup: that runs beside it, on a worker of its own.
CHANGES = (
    "deploy shop",
    "rollback shop",
    "restart shop",
    "scale shop web=2",
    "env set shop KEY=1",
    "domains add shop www.shop.example",
    "db restore shop",
    "deactivate shop",
)
BESIDE = "db backup shop"
WAKES = "activate inn"  # a project that rests; the job that runs is the same command's
LAST = "destroy shop --yes"  # once it is asked for, nobody may deploy any more


def test_a_command_waits_for_the_job_that_runs_and_ctrl_c_leaves_its_own_where_it_is(
    panel: Panel, hands: Hands
) -> None:
    live_twice_and_backed_up("shop")
    live_twice_and_backed_up("inn", rests=True)
    first = panel.begin("restart", "shop", "--json")
    number = hands.claim("release").job_id
    wakes = panel.begin(*WAKES.split(), "--json")
    waking = hands.claim("release").job_id
    begun = {words: panel.begin(*words.split(), "--json") for words in (*CHANGES, BESIDE)}
    for words in CHANGES:
        begun[words].says(f"waits for job {number} of shop")
    begun[BESIDE].says("waits for a worker")
    begun[LAST] = panel.begin(*LAST.split(), "--json")
    begun[LAST].says(f"waits for job {number} of shop")
    begun[WAKES] = panel.begin(*WAKES.split(), "--json")
    begun[WAKES].says(f"waits for job {waking} of inn")
    for one in (first, wakes, *begun.values()):
        one.interrupt()  # each waits some seconds for a second one: side by side, for the clock
    for words, one in begun.items():
        ended = one.end()
        assert ended.code == 130 and "Detached" in ended.err, words
        assert ended.document["state"] == ("running" if words == BESIDE else "waiting"), words
    assert (first.end().code, wakes.end().code) == (130, 130)
    refused = panel.dz("deploy", "shop", "--json")
    assert (refused.code, refused.document["error_id"]) == (1, "project.busy")


def live_twice_and_backed_up(name: str, *, rests: bool = False) -> None:
    """Its second release is live on a host, the first is there, and so is a good backup."""
    from django.utils import timezone

    from dz2 import services
    from dz2.models import AppServer, Backup, Bundle, DatabaseServer, Host, ProjectDatabase, Release

    shop, now = services.project_of(f"https://git.example/ada/{name}"), timezone.now()
    shop.deactivated_at = now if rests else None
    shop.save()
    host, _ = Host.objects.get_or_create(instance_id="app-1", role="appserver")
    AppServer.objects.get_or_create(host=host, address="127.0.0.1")
    for number, state in ((1, "retired"), (2, "live")):
        bundle = Bundle.objects.create(project=shop, commit=f"{number}" * 40, platform="linux", manifest={})
        Release.objects.create(
            project=shop, number=number, state=state, bundle=bundle, commit=bundle.commit, live_at=now
        )
        now += timedelta(seconds=1)
    server, _ = DatabaseServer.objects.get_or_create(instance_id="db-1", address="/nowhere")
    ProjectDatabase.objects.create(project=shop, server=server, name=name, role=name, password=b"", ready_at=now)
    Backup.objects.create(project=shop, number=1, why="asked", state="good", size=4000)


def test_dz_git_makes_no_project_unasked(panel: Panel) -> None:
    from dz2.models import Project

    refused = panel.dz("git", "shop", "--json")
    assert told(refused) == (2, "push.new-project")
    assert refused.document["error"].startswith("There is no project shop. ")
    asked = panel.on_terminal("git", "shop")
    asked.says("There is no project shop. Make a new one? [Y/n]")
    asked.types("n\n")
    assert (asked.end(), "no project was made" in asked.shown) == (2, True)
    assert not Project.objects.exists()


def test_enter_makes_no_project_of_a_name_that_may_be_mistyped(panel: Panel) -> None:
    from dz2 import services
    from dz2.models import Project

    services.project_of("https://git.example/ada/shop")
    asked = panel.on_terminal("git", "shopp")
    asked.says("Did you mean shop? Make a new one? [y/N]")
    asked.types("\n")
    assert (asked.end(), Project.objects.count()) == (2, 1)


def test_a_folder_that_pushes_to_a_project_is_not_made_a_second_one_unasked(panel: Panel, tmp_path: Path) -> None:
    from dz2.models import Project

    work = new_repository(tmp_path / "work", {"manage.py": "first\n"})
    work.git("remote", "add", "dz", "http://localhost:8800/git/shop.git")
    work.git("config", "credential.http://localhost:8800.helper", f"!python -m {clone.OURS}")
    refused = panel.dz("deploy", ".", "--json", cwd=work.folder)
    assert told(refused) == (2, "cli.pushed")
    assert not Project.objects.exists()
