"""Processes beside web: scaled, killed, replaced; no request is lost, no task cut short, and no second scheduler runs.
The project's own Redis outlives them all, with what is in it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil

from tests import playing
from tests.load import OpenLoop
from tests.platforms import Platform
from tests.playing import URLS, Project
from tests.waiting import until

PROCFILE = """\
web: gunicorn words.wsgi
worker: python manage.py work
clock: python clock.py
chain: python a.py && python b.py
queue: celery -A words worker --pool solo --without-gossip --without-mingle
"""
# Each says in the volume when it began and when it ended; a worker ends its task first.
SAYS = """\
import os
import signal
import sys
import time


def run(name, media, task):
    def say(word):
        with open(os.path.join(media, name), "a") as out:
            out.write("%s %s %s\\n" % (os.environ["DZ_RELEASE"], os.environ["DZ_PROCESS"], word))

    def stop(*_):
        time.sleep(task)
        say("stopped")
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    say("started")
    while True:
        time.sleep(0.05)
"""
FILES = {
    "Procfile": PROCFILE,
    "says.py": SAYS,
    "clock.py": "from django.conf import settings\nimport says\n\nsays.run('clock', settings.MEDIA_ROOT, 0.5)\n",
    "notes/management/__init__.py": "",
    "notes/management/commands/__init__.py": "",
    "notes/management/commands/work.py": """\
import says
from django.conf import settings
from django.core.management.base import BaseCommand

from notes.models import Note


class Command(BaseCommand):
    def handle(self, **options):
        Note.objects.create(text="a worker was here")
        says.run("work", settings.MEDIA_ROOT, 1.5)
""",
    "words/urls.py": "from words.celery import queued\n"
    + URLS.replace("WORD, len(request.body)", 'WORD, os.environ["DZ_PROCESS"]').replace(
        "page)]", 'page), path("queued", queued)]'
    ),
    "words/celery.py": """\
import os

from celery import Celery
from django.http import HttpResponse
from redis import Redis

app = Celery("words")


def kept():
    return Redis.from_url(os.environ["CELERY_BROKER_URL"])


@app.task
def keep(word):
    kept().rpush("words", word)


def queued(request):
    if "word" in request.GET:
        keep.delay(request.GET["word"])
    return HttpResponse(b" ".join(kept().lrange("words", 0, -1)))
""",
    "requirements.txt": "django>=5.2,<5.3\ncelery[redis]>=5.5,<6\n",
}


def said(project: Project, name: str) -> list[str]:
    """What the processes of that name told, in order."""
    files = list((project.platform.home / "volumes").glob(f"*{app_id(project)}*/**/media/{name}"))
    return [line for file in files for line in file.read_text().splitlines()]


def app_id(project: Project) -> str:
    rows = playing.ask_zoomdb(project.platform, "SELECT id FROM dz2_project WHERE name = %s", project.name)
    return f"p{rows[0][0]:08}"


def words(project: Project) -> dict[str, str]:
    return {one["process"]: one["words"] for one in project.platform.dz("ps", project.name, "--json").json["processes"]}


def pid_of(project: Project, process: str, release: int) -> int:
    name = f"{app_id(project)}-{release}-{process}"
    status = playing.supervised(project.platform)[name]
    assert status.pid is not None
    return status.pid


def test_a_procfiles_processes_are_scaled_killed_and_replaced(platform: Platform, tmp_path: Path) -> None:
    project = playing.words(platform, tmp_path, "procs", FILES)
    project.deploy()
    until(lambda: said(project, "clock") and said(project, "work"), what="both processes have begun")
    first = words(project)
    assert first["chain.1"] == "not started: its line needs a shell (&&); put it into a script and start that"
    assert {first[name] for name in ("web.1", "worker.1", "clock.1", "queue.1", "redis")} == {"healthy", "running"}
    platform.ask(project.host, "/queued?word=kept")
    is_kept(project)

    scaled = platform.dz("scale", project.name, "web=2", "chain=0", "queue=0", "--json")
    assert (scaled.code, scaled.json["release"], len(scaled.json["deployments"])) == (0, 2, 2), scaled.err
    until(lambda: {project.page() for _ in range(8)} == {"2 first web.1", "2 first web.2"}, what="both answer")
    assert "1 worker.1 stopped" in said(project, "work")  # its task was done by then
    until(lambda: "2 worker.1 started" in said(project, "work"), what="the new worker works")
    until(lambda: len(said(project, "clock")) > 2, what="the new clock goes")
    assert said(project, "clock") == ["1 clock.1 started", "1 clock.1 stopped", "2 clock.1 started"]

    load = OpenLoop("127.0.0.1", platform.port, f"{project.host}:{platform.port}", rate=50, posts=False)
    with load:
        until(lambda: load.counted.good > 50, what="it answers")
        os.kill(pid_of(project, "web.1", 2), signal.SIGKILL)
        until(lambda: load.counted.good > 150, what="the other answers")
    assert load.counted.failed == []
    until(lambda: {project.page() for _ in range(8)} == {"2 first web.1", "2 first web.2"}, what="it came back")
    ended = until(lambda: restarted(project, "web.1"), what="the heartbeat told of it", every=1)
    assert ended.endswith(": killed by SIGKILL")

    psutil.Process(pid_of(project, "redis", 0)).children(recursive=True)[-1].kill()  # the server, in its sandbox
    is_kept(project)
    os.kill(pid_of(project, "clock.1", 2), signal.SIGKILL)
    until(lambda: said(project, "clock")[-2:] == ["2 clock.1 started"] * 2, what="the clock goes again")
    again = platform.dz("restart", project.name, "--json")
    assert again.code == 0, again.err
    until(lambda: said(project, "clock")[-1] == "3 clock.1 started", what="the new clock")
    assert said(project, "clock")[-3:] == ["2 clock.1 started", "2 clock.1 stopped", "3 clock.1 started"]
    assert set(words(project)) == {"clock.1", "redis", "web.1", "web.2", "worker.1"}
    is_kept(project)
    number = app_id(project)
    assert platform.dz("destroy", project.name, "--yes", "--no-backup", "--json").code == 0
    assert f"{number}-0-redis" not in playing.supervised(platform)
    assert list((platform.home / "volumes").glob(f"{number}*")) == []


def test_a_worker_that_keeps_dying_is_told_by_the_deploy_with_its_line(platform: Platform, tmp_path: Path) -> None:
    late = "import time\n\ntime.sleep(1)\nraise LookupError('no such transport')\n"
    files = {"Procfile": "web: gunicorn words.wsgi\nworker: python late.py\n", "late.py": late}
    project = playing.words(platform, tmp_path, "dying", files)
    told = [one for one in project.deploy()["warnings"] if "does not stay up" in one]
    assert told == [
        "worker.1 does not stay up, and is tried again: LookupError: no such transport"
        " (late.py:4 raise LookupError('no such transport'))"
    ]


def is_kept(project: Project) -> None:
    """What a Celery task once wrote into the project's Redis."""
    until(lambda: project.platform.ask(project.host, "/queued")[1] == "kept", what="what was written is in Redis")


def restarted(project: Project, process: str) -> str:
    """How it ended last, once its restart was counted."""
    found = project.platform.dz("ps", project.name, "--json").json["processes"]
    one = next(one for one in found if one["process"] == process)
    return str(one["detail"]).partition(" at ")[0] if one["restarts"] == 1 else ""
