"""Deploys again: the same commit without a build, a rest and a waking."""

from __future__ import annotations

from pathlib import Path

from tests import playing
from tests.e2e.test_releases import PAGE, digests
from tests.platforms import Platform
from tests.waiting import until


def test_the_same_commit_is_a_release_without_a_build_and_a_project_that_rests_runs_nowhere(
    platform: Platform, tmp_path: Path
) -> None:
    project = playing.words(platform, tmp_path, "same", {"words/urls.py": PAGE})
    first = project.deploy("--env", "WORD=second")
    again = project.deploy()
    assert again["same_as"] == 1
    assert playing.step(again, "build_bundle")["title"] == "Take the bundle of release 1"
    assert (project.page(), digests(platform, project.name, 2)) == ("2 second 0", digests(platform, project.name, 1))
    built = project.deploy("--rebuild")
    assert "Take" not in playing.step(built, "build_bundle")["title"]
    [kept] = (platform.home / "run" / _app_id(platform, project.name) / "3/app/words/__pycache__").glob("urls.*.pyc")
    assert kept.read_bytes()[4] == 3, "compiled by us after the first deploy, and looked at by Python"

    project.repository.folder.rename(tmp_path / "moved away")
    by_commit = project.deploy("--ref", first["commit"])
    assert (by_commit["commit"], project.page()) == (first["commit"], "4 second 0")

    app_id = _app_id(platform, project.name)
    assert runs(platform, app_id) == ["4"]
    rests = platform.dz("deactivate", project.name, "--json")
    assert rests.code == 0, rests.err
    status, page, _ = platform.ask(project.host)
    assert (status, "rests</h1>" in page) == (503, True)
    until(lambda: not playing.at_work(platform, app_id), what="nothing of it runs")
    assert runs(platform, app_id) == []
    refused = platform.dz("restart", project.name, "--json")
    assert (refused.code, refused.json["error_id"]) == (1, "project.rests"), refused.err
    saved = platform.dz("env", "set", project.name, "WORD=third", "--json")
    assert (saved.code, saved.json["job"]) == (0, None), saved.err
    wakes = platform.dz("activate", project.name, "--json")
    assert (wakes.code, wakes.json["release"], project.page()) == (0, 5, "5 third 0"), wakes.err


def test_a_page_that_works_and_fails_in_the_new_release_stops_the_switch(platform: Platform, tmp_path: Path) -> None:
    works = PAGE.replace('path("", page)', 'path("", page), path("more/", more)')
    works = works.replace("urlpatterns", "def more(request):\n    return page(request)\n\n\nurlpatterns")
    project = playing.words(platform, tmp_path, "pages", {"words/urls.py": works})
    first = project.deploy()
    assert "first pages: /more/ 200" in platform.dz("job", str(first["job"]), "--log").out
    project.change({"words/urls.py": works.replace("return page(request)", "return 1 / 0")})
    failed = project.deploy(code=1)
    assert (failed["error_id"], failed["where"]) == ("deploy.page-fails", "words/urls.py:14 return 1 / 0")
    assert "/more/" in failed["error"] and "ZeroDivisionError" in failed["error"]
    assert project.page() == "1 first 0"


def runs(platform: Platform, app_id: str) -> list[str]:
    """The folders of its releases on the appserver."""
    return [one.name for one in (platform.home / "run" / app_id).iterdir() if one.name.isdigit()]


def _app_id(platform: Platform, name: str) -> str:
    rows = playing.ask_zoomdb(platform, "SELECT id FROM dz2_project WHERE name = %s", name)
    return f"p{rows[0][0]:08}"
