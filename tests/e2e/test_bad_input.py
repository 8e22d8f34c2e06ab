"""What can be wrong with what people deploy: each ends in time, with one sentence, its place and what to do next."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dz.cli import grammar
from dz.names import AppId
from dz.tasklib.appserver import ports
from tests import playing
from tests.platforms import Platform, Ran
from tests.playing import SETTINGS, URLS, WORDS, WSGI, Project
from tests.repositories import new_repository
from tests.waiting import until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad")


@pytest.fixture(scope="module")
def live(platform: Platform, folder: Path) -> Project:
    """A project that lives, before its owner breaks it."""
    project = playing.words(platform, folder, "mine")
    project.deploy()
    return project


@pytest.fixture(scope="module", autouse=True)
def silent(live: Project, folder: Path) -> subprocess.Popen[str]:
    """Begun with the first test and looked at near the end: the appserver waits long for this site's answer."""
    waits = URLS.replace("    return", "    __import__('time').sleep(3600)\n    return")
    return playing.words(live.platform, folder, "silent", {"words/urls.py": waits}).begin()


def refused(ran: Ran, error_id: str) -> dict[str, Any]:
    """What a person is told: the sentence, the id, and a next act that the command line understands."""
    told = ran.json
    assert (ran.code, told["error_id"]) == (1, error_id), f"{ran.out}\n{ran.err}"
    assert told["error"] and told["next"] and told["error"] in ran.err and told["next"] in ran.err
    return told


def still_live(project: Project, told: dict[str, Any], where: str) -> None:
    """The place is told, and the release before answers as it did."""
    assert (told["where"] or "").split("  ")[0] == where
    assert told["live"]["release"] == 1
    assert project.page() == "1 first 0"


def test_a_folder_that_is_no_repository(platform: Platform, folder: Path) -> None:
    (folder / "plain").mkdir()
    refused(platform.dz("deploy", f"file://{folder}/plain", "--json"), "repo.no-folder")


def test_a_branch_that_is_not_there_names_the_nearest(live: Project) -> None:
    told = refused(live.platform.dz("deploy", live.repository.url, "--ref", "mian", "--json"), "repo.no-such-ref")
    assert "main" in told["next"]


@pytest.mark.parametrize(
    ("files", "error_id"),
    [
        ({"README.md": "Nothing here"}, "repo.no-django"),
        ({**WORDS, "words/urls.py": 'print "old"\n', "runtime.txt": "python-2.7.18\n"}, "repo.python2"),
    ],
    ids=["no Django", "Python 2"],
)
def test_a_repository_that_is_not_for_us(platform: Platform, folder: Path, files: Any, error_id: str) -> None:
    repository = new_repository(folder / error_id.replace("repo.", "not-"), files)
    refused(platform.dz("deploy", repository.url, "--json"), error_id)


def test_a_look_tells_already_that_no_python_of_the_host_fits(platform: Platform, folder: Path) -> None:
    repository = new_repository(folder / "old", {**WORDS, "requirements.txt": "django==1.7.11\n"})
    told = refused(platform.dz("check", repository.url, "--json"), "python.none-fits")
    assert ("Django 1.7" in told["error"], told["where"]) == (True, "requirements.txt:1  django==1.7.11")
    assert "then try again" in told["next"]
    assert any(one["field"] == "django_version" for one in told["guesses"]), "what was found is shown all the same"
    for command in ("check", "deploy"):
        ran = platform.dz(command, repository.url)
        assert "requirements.txt:1" in ran.out + ran.err, f"dz {command} gives its reasons"


def test_a_look_tells_that_another_python_would_be_taken_than_was_asked_for(platform: Platform, folder: Path) -> None:
    repository = new_repository(folder / "newer", {**WORDS, ".python-version": "3.90\n"})
    told = platform.dz("check", repository.url, "--json").json
    assert any("3.90, which is not on this host" in one for one in told["warnings"]), told["warnings"]


def test_a_variable_without_a_value_is_asked_for_before_anything_is_built(platform: Platform, folder: Path) -> None:
    settings = f'import os\n\n{SETTINGS}\nTOKEN = os.environ["SHOP_TOKEN"]\n'
    project = playing.words(platform, folder, "wants", {"words/settings.py": settings})
    told = refused(platform.dz("deploy", project.repository.url, "--json"), "project.values-missing")
    assert told["where"] == f'words/settings.py:{settings.count(chr(10))} TOKEN = os.environ["SHOP_TOKEN"]'
    word, *rest = shlex.split(told["next"])
    assert word == "dz"
    command, words = grammar.find(rest)
    assert command.parser().parse_args(words).env == ["SHOP_TOKEN"]
    assert all(one["kind"] == "check_repo" for one in platform.dz("jobs", project.name, "--json").json["jobs"])


@pytest.mark.parametrize(
    ("files", "error_id", "where"),
    [
        ({"words/settings.py": f"{SETTINGS}\nDEBUG = = True\n"}, "settings.syntax-error", "words/settings.py:15"),
        ({"words/settings.py": f"{SETTINGS}\nDEBUG = NOTHING\n"}, "settings.import-failed", "words/settings.py:15"),
        ({"words/urls.py": f"{URLS}\nNOTHING\n"}, "app.urls-failed", "words/urls.py:15"),
        ({"words/wsgi.py": f"{WSGI}\nNOTHING\n"}, "app.wsgi-failed", "words/wsgi.py:8"),
        ({"requirements.txt": "django>=5.2,<5.3\nasgiref<3\n"}, "build.requirements-conflict", ""),
    ],
    ids=["syntax", "settings", "urls", "wsgi", "requirements"],
)
def test_code_that_cannot_be_imported_is_not_proved(live: Project, files: Any, error_id: str, where: str) -> None:
    live.change({**WORDS, **files})
    ran = live.platform.dz("deploy", live.name, "--json")
    told = refused(ran, error_id)
    failed = [one["name"] for one in told["steps"] if one["state"] == "failed"]
    assert failed == (["build_bundle"] if "requirements.txt" in files else ["prove"])
    still_live(live, told, where)


@pytest.fixture
def full_disk(live: Project) -> Iterator[None]:
    """The build host has no room for this project's code."""
    ((key,),) = playing.ask_zoomdb(live.platform, "SELECT id FROM dz2_project WHERE name = %s", live.name)
    at = live.platform.home / "build" / f"p{key:08}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=711", "none", at], check=True, timeout=60)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", at], check=True, timeout=60)


@pytest.mark.mount
@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_the_hosts_fault_and_is_called_so(live: Project) -> None:
    live.change({**WORDS, "words/large.txt": "word " * 100_000})
    ran = live.platform.dz("deploy", live.name, "--json")
    assert (ran.code, ran.json["error_id"]) == (3, "platform.disk-full"), ran.out
    assert "build-1" in ran.json["error"]
    assert live.page() == "1 first 0"


def test_a_site_that_never_answers_is_given_up(silent: subprocess.Popen[str]) -> None:
    told = playing.ended(silent, 1)
    assert told["error_id"] == "deploy.never-answered" and told["next"] and told["live"] is None


def test_a_port_that_a_stranger_took_is_passed_over(platform: Platform, folder: Path) -> None:
    taken = {
        int(row[0])
        for row in playing.ask_zoomdb(
            platform, "SELECT port FROM dz2_appserverdeployment WHERE state <> 'stopped' AND port > 0"
        )
    }
    first, last = map(int, platform.environment["DZ_PORTS"].split("-"))
    port = next(one for one in range(first, last) if one not in taken and ports.is_free("127.1.0.1", one))
    with socket.create_server(("127.1.0.1", port)):
        done = playing.words(platform, folder, "port").deploy()
    assert done["deployments"][0]["port"] != port


def test_nothing_half_made_is_left(platform: Platform) -> None:
    """After all of the above: what runs is what is live, and every other deployment is stopped."""
    failed = (
        "SELECT d.id FROM dz2_appserverdeployment d JOIN dz2_release r ON r.id = d.release_id"
        " WHERE r.state = 'failed' AND d.state <> 'stopped'"
    )
    until(lambda: not playing.ask_zoomdb(platform, failed), what="reconcile took away what failed", deadline=120)
    rows = playing.ask_zoomdb(
        platform,
        "SELECT r.project_id, r.number, d.process FROM dz2_appserverdeployment d JOIN dz2_release r ON r.id = d.release_id"
        " WHERE d.state = 'healthy'",
    )
    wanted = {f"{AppId.of(key)}-{number}-{process}" for key, number, process in rows}
    assert {name for name in playing.programs(platform) if re.match(r"p\d{8}-\d+-(?!redis)", name)} == wanted


def test_a_database_server_that_is_down_is_named_and_waited_for(live: Project) -> None:
    live.change({**WORDS, "words/__init__.py": "# changed"})
    before = playing.latest(live.platform, live.name)["job"]
    playing.stop_service(live.platform, "postgres-projects")
    try:
        begun = live.begin()
        number = playing.latest(live.platform, live.name, after=before)["job"]
        until(
            lambda: "database server" in live.platform.dz("job", str(number), "--log").out,
            what="the job's log names the database server",
        )
    finally:
        live.platform.up()
    done = playing.ended(begun, 0)
    assert (done["job"], playing.step(done, "create_database")["state"]) == (number, "succeeded")
