"""What end-to-end tests deploy: a small project with known words, and ways to read a job as people and scripts do."""

from __future__ import annotations

import functools
import itertools
import json
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from dz.local import planning
from dz.local.layout import Layout
from dz.local.services import Plan
from dz.local.supervising import Supervision
from dz.seams.sandbox import killing
from dz.seams.supervisor import Status
from dz.tasklib.context import kill_domain
from tests.platforms import Platform
from tests.repositories import Repository, new_repository
from tests.waiting import until

SAMPLE = Path(__file__).resolve().parent.parent / "sample" / "hello"
TERMINAL = ("succeeded", "failed", "errored", "cancelled", "superseded")
_numbers = itertools.count(1)

SETTINGS = """\
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "django-insecure-words"
DEBUG = True
ALLOWED_HOSTS = []
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "notes"]
MIDDLEWARE = []
ROOT_URLCONF = "words.urls"
WSGI_APPLICATION = "words.wsgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
"""

URLS = """\
import os

from django.http import HttpResponse
from django.urls import path

WORD = "first"


def page(request):
    return HttpResponse("%s %s %s" % (os.environ["DZ_RELEASE"], WORD, len(request.body)))


urlpatterns = [path("", page)]
"""

WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "words.settings")
application = get_wsgi_application()
"""

MANAGE = """\
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "words.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""

MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[("id", models.BigAutoField(primary_key=True)), ("text", models.TextField())],
        )
    ]
"""

WORDS: dict[str, str] = {
    "manage.py": MANAGE,
    "requirements.txt": "django>=5.2,<5.3\n",
    "words/__init__.py": "",
    "words/settings.py": SETTINGS,
    "words/urls.py": URLS,
    "words/wsgi.py": WSGI,
    "notes/__init__.py": "",
    "notes/models.py": "from django.db import models\n\n\nclass Note(models.Model):\n    text = models.TextField()\n",
    "notes/migrations/__init__.py": "",
    "notes/migrations/0001_initial.py": MIGRATION,
    "notes/static/notes/note.css": "body { color: navy }\n",
}


@dataclass
class Project:
    """A repository with a fresh name on a platform."""

    platform: Platform
    name: str
    repository: Repository

    @property
    def host(self) -> str:
        return f"{self.name}.localhost"

    def deploy(self, *more: str, code: int = 0) -> dict[str, Any]:
        return self.platform.deploy(self.repository.folder, *more, code=code)

    def begin(self) -> subprocess.Popen[str]:
        return self.platform.begin("deploy", self.repository.url, "--json")

    def change(self, files: Mapping[str, str]) -> None:
        self.repository.commit(files)

    def says(self, word: str) -> None:
        """The one-line change of the page."""
        self.change({"words/urls.py": URLS.replace('"first"', repr(word))})

    def page(self) -> str:
        status, body, _ = self.platform.ask(self.host)
        assert status == 200, body
        return body


def words(platform: Platform, folder: Path, name: str, changes: Mapping[str, str] | None = None) -> Project:
    """The small project, with ``changes`` to its files, under a name that no other test uses."""
    fresh = f"{name}-{next(_numbers)}"
    return Project(platform, fresh, new_repository(folder / fresh, {**WORDS, **(changes or {})}))


def sample(platform: Platform, folder: Path, name: str) -> Project:
    """The sample that the platform brings."""
    fresh = f"{name}-{next(_numbers)}"
    shutil.copytree(SAMPLE, folder / fresh, ignore=shutil.ignore_patterns("__pycache__"))
    repository = new_repository(folder / fresh)
    repository.commit({}, "The sample")
    return Project(platform, fresh, repository)


def job(platform: Platform, number: int) -> dict[str, Any]:
    """As ``dz job N --json`` shows it, whatever became of it."""
    return platform.dz("job", str(number), "--json").json


def latest(platform: Platform, project: str, *, after: int = 0) -> dict[str, Any]:
    """The project's newest deployment, once there is one that is newer than the job ``after``."""

    def found() -> dict[str, Any] | None:
        jobs = platform.dz("jobs", project, "--json").json.get("jobs", [])  # the project may not be there yet
        return next((one for one in jobs if one["kind"] == "build_and_deploy" and one["job"] > after), None)

    return job(platform, until(found, what=f"{project} is deployed by a new job")["job"])


def step(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in document["steps"] if one["name"] == name)


def when(platform: Platform, number: int, what: str, **states: str) -> dict[str, Any]:
    """The job, once each named step is in that state."""

    def there() -> dict[str, Any] | None:
        now = job(platform, number)
        return now if all(step(now, name)["state"] == state for name, state in states.items()) else None

    return until(there, what=what, deadline=120)


def ended(begun: subprocess.Popen[str], code: int) -> dict[str, Any]:
    """What a begun ``dz ... --json`` said at its end."""
    out, err = begun.communicate(timeout=240)
    assert begun.returncode == code, f"{out}\n{err}"
    document: dict[str, Any] = json.loads(out)
    return document


def plan(platform: Platform) -> Plan:
    layout = Layout(platform.home)
    return _plan(platform.home, layout.state.stat().st_mtime_ns)


@functools.cache
def _plan(home: Path, _: int) -> Plan:
    """Once per state: to look for the machine's servers takes a fifth of a second."""
    found = planning.running(Layout(home))
    assert found is not None
    return found


def programs(platform: Platform) -> dict[str, str]:
    """State of every program of the platform's supervisord: services and sites."""
    ours = plan(platform)
    status = Supervision(ours.layout, ours.passwords.supervisor).status()
    return {name: one.state for name, one in status.items()}


def supervised(platform: Platform) -> dict[str, Status]:
    """The same, whole."""
    ours = plan(platform)
    return dict(Supervision(ours.layout, ours.passwords.supervisor).status())


def stop_service(platform: Platform, name: str) -> None:
    """As its operator would; ``platform.up`` starts it again."""
    ours = plan(platform)
    Supervision(ours.layout, ours.passwords.supervisor).halt([name])


def ask_zoomdb(platform: Platform, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(plan(platform).zoomdb_url, autocommit=True) as connection:
        return connection.execute(query.encode(), values).fetchall()


def databases(platform: Platform) -> set[str]:
    """Databases and roles of the projects' server."""
    with psycopg.connect(plan(platform).superuser_url("postgres"), autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles").fetchall()
    return {str(row[0]) for row in rows}


def at_work(platform: Platform, app_id: str) -> list[int]:
    """Processes whose command line or environment leads to the project's files on this platform."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values()]
            if any(str(platform.home) in word and app_id in word for word in words):
                found.append(process.pid)
    return found


def left_of(platform: Platform, job: int) -> list[int]:
    """Processes of this machine that a step of that job started, in whatever attempt."""
    rows = ask_zoomdb(platform, "SELECT id, host FROM dz2_jobstep WHERE job_id = %s AND host <> ''", job)
    domains = [f"{kill_domain(platform.home, host)}/{step}" for step, host in rows]
    return [pid for domain in domains for pid in killing.carriers(domain)]


def tell_zoomdb(platform: Platform, statements: str) -> None:
    with psycopg.connect(plan(platform).zoomdb_url, autocommit=True) as connection:
        connection.execute(statements.encode())
