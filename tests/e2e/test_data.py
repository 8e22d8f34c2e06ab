"""A project's data: backed up, tried out, restored under load, taken back, downloaded, and a last time when it goes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dz.run import check
from tests import playing
from tests.load import OpenLoop
from tests.platforms import Platform
from tests.playing import Project
from tests.waiting import until

URLS = """\
import os

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.urls import path
from notes.models import Note


def page(request):
    files = default_storage.listdir("")[1]
    return HttpResponse("%s %s %s" % (os.environ["DZ_RELEASE"], Note.objects.count(), len(files)))


def add(request):
    note = Note.objects.create(text="x")
    default_storage.save("%s.txt" % note.pk, ContentFile(b"a file"))
    return HttpResponse("added")


urlpatterns = [path("", page), path("add", add)]
"""
NIGHT = """
import django; django.setup()
from dz2 import engine, services; from dz2.advancing import known
print(engine.accept(known(None)["nightly_backup"], services.find_project("NAME"), {}).pk)
"""


def add(project: Project, times: int) -> None:
    for _ in range(times):
        assert project.platform.ask(project.host, "/add")[1] == "added"


def stream(project: Project) -> OpenLoop:
    return OpenLoop("127.0.0.1", project.platform.port, f"{project.host}:{project.platform.port}", rate=60)


def owned(project: Project) -> set[str]:
    """Its databases and its role."""
    app_id = playing.ask_zoomdb(project.platform, "SELECT id FROM dz2_project WHERE name = %s", project.name)[0][0]
    return {one for one in playing.databases(project.platform) if one.startswith(f"p{app_id:08d}")}


def test_data_goes_back_to_a_backup_without_a_failed_request_and_forward_again(
    platform: Platform, tmp_path: Path
) -> None:
    project = playing.words(platform, tmp_path, "data", {"words/urls.py": URLS})
    project.deploy()
    add(project, 2)
    made = platform.dz("db", "backup", project.name, "--json")
    assert (made.code, made.json["backup"]) == (0, 1), made.err
    add(project, 3)
    assert project.page() == "1 5 5"
    with stream(project) as load:
        until(lambda: load.counted.releases["1"] > 60, what="the site answers")
        back = platform.dz("db", "restore", project.name, "1", "--yes", "--json")
        assert back.code == 0, f"{back.out}\n{back.err}\n{platform.log(back)}"
        until(lambda: load.counted.releases["2"] > 60, what="the restored release answers")
    assert load.counted.failed == []
    assert (project.page(), back.json["undo"]) == ("2 2 2", f"dz db restore {project.name} 2")
    add(project, 1)

    mistyped = platform.dz("db", "psql", f"{project.name}x", "-c", "SELECT 1")
    assert mistyped.code == 1 and f"There is no project {project.name}x. Did you mean {project.name}?" in mistyped.err
    asked = platform.dz("db", "psql", project.name, "-At", "-c", "SELECT count(*), current_user FROM notes_note")
    assert (asked.code, asked.out) == (0, f"3|{min(owned(project))}\n"), asked.err
    forward = platform.dz("db", "restore", project.name, "2", "--yes", "--json")
    assert (forward.code, project.page()) == (0, "3 5 5"), forward.err
    assert len(owned(project)) == 3  # the role, the database in use and the one before

    info = platform.dz("db", "info", project.name, "--json").json
    assert [(one["backup"], one["why"], one["rows"] > 2) for one in info["backups"]] == [
        (3, "before a restore", True),
        (2, "before a restore", True),
        (1, "asked", True),
    ]
    assert info["database"]["connection_limit"] == 20
    assert "public.notes_note" in [one["table"] for one in info["database"]["largest"]]


@pytest.mark.mount
def test_only_whole_backups_are_listed_as_good_a_nights_is_tested_and_the_last_one_outlives_the_project(
    platform: Platform, tmp_path: Path
) -> None:
    project = playing.words(platform, tmp_path, "night", {"words/urls.py": URLS})
    project.deploy()
    add(project, 2)
    cut_short_by_a_full_disk(project)
    cut_short_by_a_kill(project)
    a_nights_is_tried(project)
    gone = platform.dz("destroy", project.name, "--yes", "--json")
    assert (gone.code, gone.json["backup"]) == (0, 4), gone.err
    assert f"To have it: dz db download {project.name}" in gone.err
    assert owned(project) == set()
    for more, suffix in (((), "dump"), (("--files",), "tar.zst")):
        file = tmp_path / f"last.{suffix}"
        got = platform.dz("db", "download", project.name, "-o", file, *more, "--json")
        assert (got.code, got.json["backup"]) == (0, 4), got.err
        assert (file.stat().st_size, file.stat().st_mode & 0o777) == (got.json["size"], 0o600)
    pg_restore = playing.plan(platform).postgres.bin / "pg_restore"
    told = subprocess.run([pg_restore, "--list", tmp_path / "last.dump"], capture_output=True, text=True, check=True)
    assert "TABLE DATA public notes_note" in told.stdout
    twice = platform.dz("db", "download", project.name, "-o", tmp_path / "last.dump", "--json")
    assert twice.json["error_id"] == "data.file-there"


def cut_short_by_a_full_disk(project: Project) -> None:
    platform = project.platform
    with full(platform.home / "backups/database"):
        ran = platform.dz("db", "backup", project.name, "--json")
        assert (ran.code, ran.json["error_id"], ran.json["backup"]) == (3, "platform.disk-full", None), ran.err
    assert [(one["state"], "disk" in str(one["error"])) for one in listed(project)] == [("failed", True)]
    nothing = platform.dz("db", "download", project.name, "--json")
    assert (nothing.code, nothing.json["error_id"]) == (1, "data.no-backup")


def cut_short_by_a_kill(project: Project) -> None:
    platform = project.platform
    with platform.parked("backup_database"):
        begun = platform.begin("db", "backup", project.name, "--json")
        held = platform.home.parent / "faults" / "backup_database.effect.held"
        until(held.exists, what="the dump is written and not yet recorded")
        assert [one["state"] for one in listed(project)] == ["running", "failed"]
        os.kill(int(held.read_text()), signal.SIGKILL)
        done = playing.ended(begun, 0)
    assert (done["backup"], playing.step(done, "backup_database")["attempt"]) == (2, 2)
    assert [one["state"] for one in listed(project)] == ["good", "failed"]


def a_nights_is_tried(project: Project) -> None:
    """By the job that the dispatcher begins, begun by hand: a test can't wait for the night."""
    ours = playing.plan(project.platform)
    begin = NIGHT.replace("NAME", project.name)
    accepted = check([ours.shared.python, "-c", begin], deadline=60, env=ours.panel_env())
    watched = project.platform.dz("job", accepted.text.strip(), "-f")
    assert watched.code == 0, watched.err
    newest = listed(project)[0]
    assert (newest["why"], newest["tested"]) == ("nightly", True)
    assert not [one for one in owned(project) if "_t" in one]


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """A few pages in the place of that folder, for whoever writes there."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=0777", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def listed(project: Project) -> list[dict[str, object]]:
    found: list[dict[str, object]] = project.platform.dz("db", "info", project.name, "--json").json["backups"]
    return found
