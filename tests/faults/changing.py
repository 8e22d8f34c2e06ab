"""The site whose every change is interrupted: what it says, how a job changes that, and what must be true at its end."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg

from dz.tasklib.check_repo import CHECK_REPO
from tests import faultkit, playing
from tests.platforms import Platform
from tests.playing import Project
from tests.waiting import until

ALIVE = "/alive"  # asks no database
PROCESSES = ("web.1", "worker.1")  # without the second no job would have a step for the rest
PROCFILE = "worker: python -c 'import time; time.sleep(1e6)'\n"
URLS = """\
import os

from django.http import HttpResponse
from django.urls import path
from notes.models import Note


def alive(request):
    return HttpResponse("release %s, word WORD, said %s" % (os.environ["DZ_RELEASE"], os.environ.get("SAID", "0")))


def asks(request):
    return HttpResponse("%s notes" % Note.objects.count())


urlpatterns = [path("", asks), path("alive", alive)]
"""


@dataclass
class Changing:
    """``versions``: what visitors may be told from the job's beginning to its end, the old words first."""

    project: Project
    versions: tuple[str, ...] = ()
    changes: int = 1
    left: list[str] = field(default_factory=list)

    @property
    def platform(self) -> Platform:
        return self.project.platform

    @cached_property
    def app_id(self) -> str:
        return faultkit.app_id(self.project)

    def begin(self, kind: str, *, unforeseen: bool = False) -> int:
        """A change of that kind is asked for; the number of the accepted job. ``unforeseen``: of the static files too,
        so that there is something to prove."""
        name, old = self.project.name, self.says()
        self.changes += 1
        new, words = old, ["check", name]
        if kind == "build_and_deploy":
            self.project.change(saying(self.changes) | (styled(self.changes) if unforeseen else {}))
            new, words = re.sub(r"word \d+", f"word {self.changes}", old), ["deploy", name]
        elif kind == "config":
            new = re.sub(r"said \d+", f"said {self.changes}", old)
            words = ["env", "set", name, f"SAID={self.changes}"]
        last = playing.ask_zoomdb(self.platform, f"SELECT max(number) FROM ({RELEASES}) r", name)[0][0]
        new = new if kind == CHECK_REPO.kind else re.sub(r"release \d+", f"release {last + 1}", new)
        self.versions = (old, new)
        return int(self.platform.dz(*words, "--json", "--yes", "--timeout", "0.1").json["job"])

    def says(self) -> str:
        status, words, _ = self.platform.ask(self.project.host, ALIVE)
        assert status == 200, f"{status} {words}"
        return words

    def finished(self, number: int) -> dict[str, Any]:
        """The ended job. The site says the new words if it succeeded, else the old ones, and its database answers."""
        job = faultkit.ended(self.platform, number)
        states = {one["name"]: one["state"] for one in job["steps"]}
        old, new = self.versions
        if job["state"] == "succeeded":
            assert set(states.values()) <= {"succeeded", "skipped"}, states
        else:
            assert job["state"] in ("failed", "errored") and job["error_id"], job
        words = new if job["state"] == "succeeded" else old
        assert (said := self.says()) == words, f"{said}, not {words}"
        faultkit.answers(self.project, "0 notes")
        return job

    def nothing_is_left(self, number: int) -> None:
        """One release is live, whole, once; nothing of the interrupted attempt is left on any host; and reconcile
        finds nothing to do."""

        def clean() -> bool:
            self.left = self._leftovers(number)
            return not self.left

        with suppress(AssertionError):
            until(clean, what="nothing is left", deadline=15, every=0.3)
        assert self.left == [], self.left
        before = {*self._files(), *self._programs().items()}
        self._reconciled()
        after = {*self._files(), *self._programs().items()}
        assert after == before, f"reconcile took {before - after}, made {after - before}"

    def _leftovers(self, number: int) -> list[str]:
        """What is not as it should be, in words."""
        try:
            releases = playing.ask_zoomdb(self.platform, RELEASES, self.project.name)
            deployments = playing.ask_zoomdb(self.platform, DEPLOYMENTS, self.project.name)
            stored = playing.ask_zoomdb(self.platform, STORED, self.project.name)
            app, processes = self.app_id, playing.left_of(self.platform, number)
        except psycopg.OperationalError as error:
            return [f"zoomdb: {error}"]
        [live] = [release for release, state, _ in releases if state == "live"]
        port, files = max(port or "" for _, port in deployments), self._files()
        programs = {f"{app}-{live}-{process}": "runs" for process in PROCESSES}
        wanted = {f"run/{live}", "run/log", f"sets/{app}.conf {port}", *(f"run/{one}.spec" for one in programs)}
        wanted |= {f"store/{digest}.tar.zst" for (digest,) in stored}
        found = {one for one in files if one.startswith(("run/", "sets/", "store/"))}
        facts = {
            "the live release answers": f"release {live}," in self.says(),
            "no release is half-built": all(state != "building" for _, state, _ in releases),
            "the job made one release at most": sum(job == number for _, _, job in releases) <= 1,
            f"one deployment: {deployments}": [one for one, _ in deployments] == [f"{live} healthy"] * len(PROCESSES),
            f"one program of each: {self._programs()}": self._programs() == programs,
            f"no process of a step: {processes}": not processes,
            f"no process without a program: {self._strangers()}": not self._strangers(),
            f"no files but those wanted: {found - wanted} more, {wanted - found} missing": found == wanted,
            f"nothing half-made: {[one for one in files if HALF.search(one)]}": not any(map(HALF.search, files)),
        }
        return [words for words, is_so in facts.items() if not is_so]

    def _programs(self) -> dict[str, str]:
        """``starting`` is what a supervisor says of the first ten seconds, in which this one answers already."""
        programs = playing.programs(self.platform).items()
        runs = {"starting": "runs", "running": "runs"}
        return {name: runs.get(state, state) for name, state in programs if name.startswith(self.app_id)}

    def _strangers(self) -> list[int]:
        ours = set()
        for name, status in playing.supervised(self.platform).items():
            if name.startswith(self.app_id) and status.pid:
                with suppress(psutil.NoSuchProcess):  # it ended between the two looks
                    ours |= {status.pid, *(one.pid for one in psutil.Process(status.pid).children(recursive=True))}
        return [pid for pid in playing.at_work(self.platform, self.app_id) if pid not in ours]

    def _files(self) -> list[str]:
        """Every folder and file that jobs make, by kind."""
        home, app = self.platform.home, self.app_id
        found = [f"store/{file.name}" for file in (home / "store" / app).rglob("*.zst*")]
        for kind in ("run", "layers", "build", "build/out", "volumes"):
            folder = home / kind.replace("build", f"build/{app}") if "build" in kind else home / kind / app
            found += [f"{kind}/{one.name}" for one in folder.iterdir()] if folder.exists() else []
        for file in (home / "proxy" / "proxy" / "sets").rglob(f"{app}.conf"):
            ports = re.findall(r"server \S+?:(\d+)", file.read_text())
            found.append(f"sets/{file.name} {' '.join(ports)}")
        return sorted(found)

    def _reconciled(self) -> None:
        """The appserver compared itself with zoomdb, from now on."""
        log = self.platform.home / "log" / "worker-appserver.log"
        before = log.read_text().count("reconcile.finished")

        def again() -> bool:
            playing.tell_zoomdb(self.platform, "NOTIFY dz_reconcile, 'app-1'")
            return log.read_text().count("reconcile.finished") > before

        until(again, what="reconcile ran", deadline=30, every=0.3)


# A failed job's last trial stays for the next. Code stays packed, under a name that is its own alone.
HALF = re.compile(r"\.coming|/src-|\.tar\.zst\.|layers/(?!app-[0-9a-f]{24}\.tar\.zst\Z).*\.tar|out/")
RELEASES = (
    "SELECT r.number, r.state, r.job_id FROM dz2_release r JOIN dz2_project p ON p.id = r.project_id WHERE p.name = %s"
)
DEPLOYMENTS = (
    "SELECT r.number || ' ' || d.state, d.port::text FROM dz2_appserverdeployment d"
    " JOIN dz2_release r ON r.id = d.release_id JOIN dz2_project p ON p.id = r.project_id"
    " WHERE p.name = %s AND d.state <> 'stopped'"
)
STORED = (
    "SELECT l.digest FROM dz2_layer l JOIN dz2_project p ON p.id = l.project_id"
    " WHERE p.name = %s AND l.uploaded_at IS NOT NULL"
)


def saying(number: int) -> dict[str, str]:
    return {"words/urls.py": URLS.replace("WORD", str(number))}


def styled(number: int) -> dict[str, str]:
    return {"notes/static/notes/word.css": f"/* {number} */\n"}


def changing(platform: Platform, folder: Path) -> Changing:
    """A project that is live."""
    project = playing.words(platform, folder, "matrix", saying(1) | {"Procfile": PROCFILE})
    project.name = project.deploy()["project"]
    return Changing(project)
