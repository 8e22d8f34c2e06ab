"""Not one request fails: while a change goes live, and while versions that can't live are tried beside the live one."""

from __future__ import annotations

from pathlib import Path

from tests import playing
from tests.load import OpenLoop
from tests.platforms import Platform
from tests.playing import Project
from tests.waiting import until

DIES_LATER = "import sys\n\nif 'gunicorn' in sys.modules:\n    raise RuntimeError('not as a server')\n"
BREAKS = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [migrations.RunSQL("SELECT 1 / 0")]
"""


def stream(project: Project) -> OpenLoop:
    return OpenLoop("127.0.0.1", project.platform.port, f"{project.host}:{project.platform.port}", rate=60)


def test_no_request_fails_while_a_change_goes_live(platform: Platform, tmp_path: Path) -> None:
    project = playing.words(platform, tmp_path, "switch")
    project.deploy()
    project.says("second")
    with stream(project) as load:
        until(lambda: load.counted.releases["1"] > 100, what="the old release answers")
        project.deploy()
        until(lambda: load.counted.releases["2"] > 100, what="the new release answers")
    assert load.counted.failed == []
    assert load.counted.good == load.counted.sent == load.counted.releases["1"] + load.counted.releases["2"]
    assert project.page() == "2 second 0"


def test_no_request_fails_while_versions_that_cannot_live_are_tried(platform: Platform, tmp_path: Path) -> None:
    project = playing.words(platform, tmp_path, "broken")
    project.deploy()
    good = playing.WORDS["words/wsgi.py"]
    with stream(project) as load:
        until(lambda: load.counted.releases["1"] > 100, what="the live release answers")
        project.change({"words/wsgi.py": f"raise RuntimeError('not at all')\n{good}"})
        dies = project.deploy(code=1)
        project.change({"words/wsgi.py": DIES_LATER + good})
        dies_later = project.deploy(code=1)
        project.change({"words/wsgi.py": good, "notes/migrations/0002_breaks.py": BREAKS})
        fails = project.deploy(code=1)
        seen = load.counted.good
        until(lambda: load.counted.good > seen + 60, what="the live release still answers")
    assert load.counted.failed == []
    assert load.counted.releases == {"1": load.counted.good}
    assert (dies["error_id"], dies["where"]) == ("app.wsgi-failed", "words/wsgi.py:1  raise RuntimeError('not at all')")
    assert dies_later["error_id"] == "deploy.died" and "words/wsgi.py:4" in dies_later["where"]
    assert playing.step(fails, "post_build_hooks")["state"] == "failed"
    assert fails["error_id"] == "hook.migration-failed" and "notes.0002_breaks" in fails["error"]
    for job in (dies, dies_later, fails):
        assert job["url"] is None and job["live"]["release"] == 1
