"""Releases: back to an old one, other variables, a restart; each without a build, and without a request lost."""

from __future__ import annotations

from pathlib import Path

from tests import playing
from tests.platforms import Platform
from tests.playing import URLS

PAGE = URLS.replace("WORD = ", 'WORD = os.environ.get("WORD") or ')
ADDS = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [
        migrations.AddField("note", "title", models.CharField(max_length=9, default="")),
        migrations.RunSQL("SELECT 1"),
    ]
"""


def digests(platform: Platform, name: str, release: int) -> set[str]:
    rows = playing.ask_zoomdb(
        platform,
        "SELECT l.digest FROM dz2_layer l JOIN dz2_bundle_layers b ON b.layer_id = l.id"
        " JOIN dz2_release r ON r.bundle_id = b.bundle_id JOIN dz2_project p ON p.id = r.project_id"
        " WHERE p.name = %s AND r.number = %s",
        name,
        release,
    )
    return {str(row[0]) for row in rows}


def test_back_to_an_old_release_and_new_variables_need_no_build_host_and_no_repository(
    platform: Platform, tmp_path: Path
) -> None:
    project = playing.words(platform, tmp_path, "again", {"words/urls.py": PAGE})
    project.deploy()
    project.change({"words/urls.py": PAGE.replace("first", "second"), "notes/migrations/0002_title.py": ADDS})
    project.deploy()
    assert project.page() == "2 second 0"
    project.repository.folder.rename(tmp_path / "moved away")
    playing.stop_service(platform, "worker-build")
    try:
        back = platform.dz("rollback", project.name, "--json")
        assert (back.code, back.json["release"]) == (0, 3), back.err
        change = back.json["change"]
        assert [(one["name"], one["reversible"]) for one in change["migrations"]] == [("0002_title", False)]
        assert [one["subject"] for one in change["commits"]] == ["A change"]
        assert change["undo"] == f"dz rollback {project.name} 2"
        assert project.page() == "3 first 0"
        assert "migrate is not run" in platform.dz("job", str(back.json["job"]), "--log").out
        assert digests(platform, project.name, 3) == digests(platform, project.name, 1) != set()

        changed = platform.dz("env", "set", project.name, "WORD=third", "--json")
        assert (changed.code, changed.json["changed"]) == (0, ["WORD"]), changed.err
        assert project.page() == "4 third 0"
        assert "migrate is not run" not in platform.dz("job", str(changed.json["job"]), "--log").out
        gone = platform.dz("env", "unset", project.name, "WORD", "--json")
        assert gone.code == 0, gone.err
        assert project.page() == "5 first 0"

        again = platform.dz("restart", project.name, "--json")
        assert (again.code, project.page()) == (0, "6 first 0"), again.err
        undone = platform.dz("rollback", project.name, "2", "--yes", "--json")
        assert (undone.code, project.page()) == (0, "7 second 0"), undone.err
    finally:
        platform.up()
    told = platform.dz("releases", project.name, "--json").json["releases"]
    assert [(one["release"], one["state"], one["why"]) for one in told] == [
        (7, "live", "Rollback to 2"),
        (6, "retired", "Restart"),
        (5, "retired", "WORD changed"),
        (4, "retired", "WORD changed"),
        (3, "retired", "Rollback to 1"),
        (2, "retired", "Deploy"),
        (1, "retired", "Deploy"),
    ]
    nowhere = platform.dz("rollback", project.name, "9", "--json")
    assert (nowhere.code, nowhere.json["error_id"]) == (1, "release.not-found"), nowhere.err
    same = platform.dz("rollback", project.name, "7", "--json")
    assert (same.code, same.json["error_id"]) == (1, "release.is-live"), same.err
