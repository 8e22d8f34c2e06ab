"""Roles are parted: without its worker a step waits and says for whom; and a job that is in the way can be stopped."""

from __future__ import annotations

from pathlib import Path

from dz.names import AppId
from tests import playing
from tests.platforms import Platform
from tests.playing import SETTINGS, WORDS
from tests.waiting import until

HANGS = f"import time\n\ntime.sleep(3600)\n{SETTINGS}"


def test_a_step_waits_for_the_worker_of_its_role_and_goes_on_with_it(either: Platform, tmp_path: Path) -> None:
    playing.stop_service(either, "worker-database")
    try:
        project = playing.words(either, tmp_path, "waits")
        begun = project.begin()
        number = playing.latest(either, project.name)["job"]
        playing.when(
            either, number, "all but the database is ready", bundle_upload="succeeded", create_database="ready"
        )
        until(
            lambda: "no database host has reported" in (playing.job(either, number)["waits_for"] or ""),
            what="the job says for whom it waits",
        )
        assert playing.step(playing.job(either, number), "deploy")["state"] == "waiting"
    finally:
        either.up()
    done = playing.ended(begun, 0)
    assert playing.step(done, "create_database")["host"] == "db-1"
    assert project.page() == "1 first 0"


def test_a_job_that_hangs_is_cancelled_and_the_newest_of_those_that_wait_goes_on(
    platform: Platform, tmp_path: Path
) -> None:
    project = playing.words(platform, tmp_path, "hangs", {"words/settings.py": HANGS})
    hanging = project.begin()
    first = playing.latest(platform, project.name)["job"]
    ((key,),) = playing.ask_zoomdb(platform, "SELECT id FROM dz2_project WHERE name = %s", project.name)
    until(lambda: playing.at_work(platform, AppId.of(key)), what="the project's code is imported in the sandbox")
    project.change(WORDS)
    second = project.begin()
    older = playing.latest(platform, project.name, after=first)
    assert (older["state"], older["waits_for"]) == ("waiting", f"job {first} of {project.name}")
    third = project.begin()
    newest = playing.latest(platform, project.name, after=older["job"])["job"]
    assert playing.ended(second, 5)["state"] == "superseded"
    cancelled = platform.dz("job", "cancel", str(first), "--json")
    assert (cancelled.code, cancelled.json["state"]) == (0, "cancelled"), cancelled.err
    assert playing.ended(hanging, 5)["state"] == "cancelled"
    done = playing.ended(third, 0)
    assert (done["job"], done["release"]) == (newest, 2)
    assert project.page() == "2 first 0"
    assert playing.left_of(platform, first) == []
