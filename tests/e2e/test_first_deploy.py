"""A Git URL becomes a live site: what scripts are told, who did the work, and that nothing is left in the end."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from dz.names import AppId
from tests import playing
from tests.platforms import Platform
from tests.playing import Project, step
from tests.waiting import until

QUEUES = {
    "build_and_deploy": "build",
    "build_bundle": "build",
    "create_database": "database",
    "bundle_upload": "build",
    "placement": "build",
    "deploy": "appserver_app-1",
    "post_build_hooks": "appserver_app-1",
    "proxy_update": "proxy",
    "prune": "build",
}
MORE = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [migrations.RunSQL("SELECT 1")]
"""
ADA = """\
import os

from django.contrib.auth.hashers import make_password
from django.db import migrations


def make(apps, schema_editor):
    User = apps.get_model("auth", "User")
    password = make_password(os.environ["ADA_PASSWORD"])
    User.objects.create(username="ada", password=password, is_staff=True, is_superuser=True)


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make)]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("repositories")


def test_a_git_url_becomes_a_site_and_every_step_ran_in_its_own_role(either: Platform, folder: Path) -> None:
    project = playing.sample(either, folder, "hello")
    done = project.deploy()
    assert (done["state"], done["release"], done["error"]) == ("succeeded", 1, None)
    assert done["url"] == f"http://{project.host}:{either.port}/"
    assert {"job", "seconds", "error_id", "where", "next"} <= done.keys()
    log = either.dz("job", str(done["job"]), "--log").out
    assert "Check out the code" in log and "Inspect the project" not in log  # the look before it did
    (deployment,) = done["deployments"]
    assert {**deployment, "port": 0} == {"host": "app-1", "instance_id": "app-1", "address": "127.1.0.1", "port": 0}
    status, body, _ = either.ask(project.host)
    assert status == 200 and "Nobody has written yet" in body and "Release 1" in body
    style = re.search(r'href="(/static/[^"]+\.css)"', body)
    assert style is not None and either.ask(project.host, style[1])[0] == 200
    ran = [one for one in done["steps"] if one["state"] != "skipped"]
    assert {one["name"]: one["queue"] for one in ran} == QUEUES
    hosts = {"build": "build-1", "appserver": "app-1", "proxy": "proxy-1", "database": "db-1"}
    assert {one["name"]: one["host"] for one in ran} == {name: hosts[of.split("_")[0]] for name, of in QUEUES.items()}


def of_2025(project: playing.Project, folder: Path) -> None:
    """Its last commit is as old."""
    repository, written = project.repository, folder / f"{project.name}.commit"
    who = f"Ada <ada@example.com> {int(datetime(2025, 6, 1, tzinfo=UTC).timestamp())} +0000"
    tree = repository.git("rev-parse", "HEAD^{tree}")
    written.write_text(f"tree {tree}\nauthor {who}\ncommitter {who}\n\nOf its day\n")
    repository.git("reset", "-q", "--hard", repository.git("hash-object", "-t", "commit", "-w", written))


@pytest.mark.parametrize(
    ("error", "listed"),
    [
        ("1 / 0", "django>=5.2,<5.3\n"),  # no package has a part in it
        ("undefined = path.nothing", "django==5.2.1\n"),  # Django alone has, and is pinned
    ],
)
def test_releases_of_its_day_are_not_tried_where_they_can_not_help(
    platform: Platform, folder: Path, error: str, listed: str
) -> None:
    breaks = f"{playing.URLS}\n{error}\n"
    project = playing.words(platform, folder, "agedvain", {"words/urls.py": breaks, "requirements.txt": listed})
    of_2025(project, folder)
    failed = project.deploy(code=1)
    assert failed["error_id"] == "app.urls-failed"
    said = platform.dz("job", str(failed["job"]), "--log").out
    assert "Resolve dependencies" in said and "Releases of its last commit" not in said


def test_what_a_list_leaves_open_is_as_old_as_the_code_where_the_newest_breaks_it(
    platform: Platform, folder: Path
) -> None:
    breaks = f"{playing.URLS}\nimport sqlparse\n\nassert sqlparse.__version__ < '0.5.4', sqlparse.__version__\n"
    project = playing.words(platform, folder, "aged", {"words/urls.py": breaks})
    of_2025(project, folder)
    done = project.deploy()
    assert done["state"] == "succeeded" and any("Releases of its last commit" in one for one in done["warnings"])


def test_the_database_is_made_while_the_bundle_is_stored(either: Platform, folder: Path) -> None:
    project = playing.words(either, folder, "overlap")
    with either.parked("create_database", "bundle_upload"):
        begun = project.begin()
        number = playing.latest(either, project.name)["job"]
        # Each has done its work and is not over until the other was seen to run.
        playing.when(either, number, "both steps run at one time", create_database="running", bundle_upload="running")
    assert playing.ended(begun, 0)["state"] == "succeeded"


def test_an_administrator_logs_in_by_the_form_of_the_sample(platform: Platform, folder: Path) -> None:
    project = playing.sample(platform, folder, "book")
    project.change({"guestbook/migrations/0002_ada.py": ADA})
    project.deploy("--env", "ADA_PASSWORD=a-very-long-word")
    status, form, headers = platform.ask(project.host, "/admin/login/?next=/admin/")
    assert status == 200
    hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert hidden is not None
    cookie = SimpleCookie(headers["Set-Cookie"])["csrftoken"].OutputString(attrs=[])
    values = {"csrfmiddlewaretoken": hidden[1], "username": "ada", "password": "a-very-long-word", "next": "/admin/"}
    fields = {
        "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"http://{project.host}:{platform.port}",
    }
    status, body, headers = platform.ask(
        project.host, "/admin/login/", method="POST", body=urlencode(values), headers=fields
    )
    assert (status, headers.get("Location")) == (302, "/admin/"), body
    session = SimpleCookie(headers["Set-Cookie"])["sessionid"].OutputString(attrs=[])
    status, body, _ = platform.ask(project.host, "/admin/", headers={"Cookie": session})
    assert status == 200 and "Site administration" in body


def test_a_change_of_the_code_builds_collects_and_migrates_nothing_again(platform: Platform, folder: Path) -> None:
    project = playing.words(platform, folder, "again")
    first = project.deploy()
    project.says("second")
    second = project.deploy()
    assert project.page() == "2 second 0"
    before, after = (told(platform, one, "build_bundle") for one in (first, second))
    assert (before["env_reused"], after["env_reused"]) == (False, True)
    assert before["layers"]["static"] == after["layers"]["static"]
    assert "install" in step(first, "build_bundle")["title"]
    assert "install" not in step(second, "build_bundle")["title"]
    assert "migrate is not run" in platform.dz("job", str(second["job"]), "--log").out

    assert [step(one, "prove")["state"] for one in (first, second)] == ["skipped", "skipped"]
    proof = "Check that it starts and collect static files"
    assert proof in parts(platform, first)
    # The release itself says what that would find out.
    assert not [one for one in parts(platform, second) if proof.startswith(one)]

    # The release starts before anybody knows that its static files are others: then it starts once more.
    project.change({"notes/migrations/0002_more.py": MORE, "notes/static/notes/more.css": "p { color: teal }\n"})
    third = project.deploy()
    assert step(third, "post_build_hooks")["title"] == "Run 1 migration"
    assert told(platform, third, "prove")["restart"] is True
    assert "Check that it starts" not in parts(platform, third)
    assert (project.page(), platform.ask(project.host, "/static/notes/more.css")[0]) == ("3 second 0", 200)
    proved = "SELECT count(*) FROM dz2_bundle WHERE project_id = (SELECT id FROM dz2_project WHERE name = %s)"
    assert playing.ask_zoomdb(platform, proved, project.name) == [(3,)]


def test_destroy_leaves_nothing_behind(either: Platform, folder: Path) -> None:
    project = playing.words(either, folder, "gone")
    deployed = project.deploy()
    assert project.page() == "1 first 0"
    app_id = app_id_of(project)
    program = f"{app_id}-{deployed['release']}-web.1"
    assert program in playing.programs(either) and app_id in playing.databases(either)
    ran = either.dz("destroy", project.name, "--yes", "--no-backup", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["state"] == "succeeded"
    assert either.ask(project.host)[0] == 404
    assert program not in playing.programs(either)
    assert app_id not in playing.databases(either)
    until(lambda: not playing.at_work(either, app_id), what="no process works for the project")
    assert left_of(either, app_id) == []
    assert either.dz("ps", project.name).code == 1


def app_id_of(project: Project) -> AppId:
    ((key,),) = playing.ask_zoomdb(
        project.platform, "SELECT id FROM dz2_project WHERE name = %s AND destroyed_at IS NULL", project.name
    )
    return AppId.of(key)


def left_of(platform: Platform, app_id: str) -> list[Path]:
    """Files and folders named by the project; a lock file alone, empty, is what serialises the next to come."""
    return [path for path in platform.home.rglob(f"*{app_id}*") if "locks" not in path.parts]


def parts(platform: Platform, job: dict[str, Any]) -> list[str]:
    """The titled pieces of the job's log."""
    asked = "SELECT text FROM dz2_joblog WHERE kind = 'part_end' AND job_id = %s"
    return [text for (text,) in playing.ask_zoomdb(platform, asked, job["job"])]


def told(platform: Platform, job: dict[str, Any], name: str) -> dict[str, Any]:
    """What a step of the job left for those that follow."""
    asked = "SELECT result FROM dz2_jobstep WHERE name = %s AND job_id = %s"
    ((result,),) = playing.ask_zoomdb(platform, asked, name, job["job"])
    return dict(result)
