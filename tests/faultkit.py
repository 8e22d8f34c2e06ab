"""What fault tests do to a running platform, and what must be true after it: the job ended, once, correctly."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import psycopg

from dz.local import services
from tests import playing
from tests.platforms import Platform
from tests.playing import Project
from tests.waiting import until

DEADLINE = 120.0
# A command of the project that waits, where its own code runs, until it gets SIGUSR1.
HOLDS = """
import signal, sys, time

if "{command}" in sys.argv:
    told = []
    signal.signal(signal.SIGUSR1, lambda *_: told.append(True))
    while not told:
        time.sleep(0.02)
"""
URLS = """\
import os

from django.http import HttpResponse
from django.urls import path
from notes.models import Note


def page(request):
    return HttpResponse("%s WORD %s" % (os.environ["DZ_RELEASE"], Note.objects.count()))


urlpatterns = [path("", page)]
"""


def saying(word: str, *, holding: str = "") -> dict[str, str]:
    """The small project with ``word`` on its page, which asks its database; ``holding``: a command that waits."""
    settings = playing.SETTINGS + (HOLDS.format(command=holding) if holding else "")
    files = {"words/urls.py": URLS.replace("WORD", word), "words/settings.py": settings}
    return files | ({"notes/static/notes/word.css": f"/* {word} */\n"} if holding else {})  # or nothing is collected


@dataclass
class Site:
    """A project that is live; ``page`` is what it says."""

    project: Project
    page: str = "1 word1 0"
    changes: int = 1

    @property
    def platform(self) -> Platform:
        return self.project.platform

    def begin(self, *, holding: str = "") -> int:
        """Push a change and ask for its deployment; the number of the accepted job."""
        self.changes += 1
        self.project.change(saying(f"word{self.changes}", holding=holding))
        ran = self.platform.dz("deploy", self.project.repository.url, "--timeout", "1", "--json")
        return int(ran.json["job"])

    def answers(self) -> None:
        """The live release does."""
        answers(self.project, self.page)

    def sound(self, number: int) -> dict[str, Any]:
        """Wait for the job: it succeeded and did everything once. Rows, programs, processes, files and pages agree."""
        job = ended(self.platform, number)
        assert job["state"] == "succeeded", self.platform.dz("job", str(number), "--log").out[-6000:]
        assert {one["state"] for one in job["steps"]} <= {"succeeded", "skipped"}, job["steps"]
        self.page = f"{job['release']} word{self.changes} 0"
        self.answers()
        only(self.project, job["release"])
        assert playing.left_of(self.platform, number) == [], "a process of a step outlived it"
        return job


def site(platform: Platform, folder: Path, name: str) -> Site:
    """A project that went live without any fault."""
    fresh = playing.words(platform, folder, name, saying("word1"))
    fresh.name = fresh.deploy()["project"]  # the wanted name, unless another project has it
    return Site(fresh)


def app_id(project: Project) -> str:
    query = "SELECT 'p' || lpad(id::text, 8, '0') FROM dz2_project WHERE name = %s"
    return str(playing.ask_zoomdb(project.platform, query, project.name)[0][0])


def held(fault: Path) -> int:
    """The pid of the worker's child that waits at an armed point."""

    def pid() -> int:
        with suppress(OSError, ValueError):
            return int(fault.with_name(f"{fault.name}.held").read_text())
        return 0

    return until(pid, what=f"a worker waits at {fault.name}", deadline=DEADLINE)


def ended(platform: Platform, number: int) -> dict[str, Any]:
    """The job once it has ended; asked again while zoomdb or the panel is away."""

    def look() -> dict[str, Any]:
        with suppress(psycopg.OperationalError):
            if not playing.ask_zoomdb(platform, "SELECT finished_at FROM dz2_job WHERE id = %s", number)[0][0]:
                return {}
        ran = platform.dz("job", str(number), "--json")
        with suppress(ValueError, AssertionError):
            if ran.json.get("finished_at"):  # a panel without zoomdb tells of no job
                return ran.json
        return {}

    try:
        return until(look, what=f"job {number} has ended", deadline=DEADLINE, every=0.1)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{platform.dz('job', str(number), '--log').out[-6000:]}") from None


def waiting(platform: Platform, command: str) -> int:
    """The project's own process that waits in that command, by its host's pid."""

    def find() -> int:
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError, ValueError):
                words = process.cmdline()
                if (
                    command in words
                    and words[0].startswith(str(platform.home))
                    and _catches(process.pid, signal.SIGUSR1)
                ):
                    return int(process.pid)
        return 0

    return until(find, what=f"the project waits in {command}", deadline=DEADLINE)


def _catches(pid: int, sign: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return int(caught, 16) >> (sign - 1) & 1 == 1


def let_go(pid: int) -> None:
    os.kill(pid, signal.SIGUSR1)


def gone(pid: int, what: str) -> None:
    until(lambda: not _alive(pid), what=f"{what} ({pid}) is gone", deadline=DEADLINE)


def _alive(pid: int) -> bool:
    with suppress(psutil.Error):
        state: str = psutil.Process(pid).status()
        return state != str(psutil.STATUS_ZOMBIE)
    return False


def killed(platform: Platform, service: str) -> None:
    """SIGKILL to a service's main process, and wait until another one serves in its place."""
    back(platform, service, platform.kill(service))


def back(platform: Platform, service: str, before: int) -> None:
    def other() -> bool:
        now = platform.service(service)
        return bool(now["state"] == "running" and now["pid"] != before)

    until(other, what=f"{service} runs again", deadline=DEADLINE, every=0.2)


def all_run(platform: Platform) -> None:
    def look() -> bool:
        return all(state == "running" for name, state in playing.programs(platform).items() if "web." not in name)

    until(look, what="every service runs", deadline=DEADLINE, every=0.1)


def answers(project: Project, words: str) -> None:
    """The site says so, again."""

    def page() -> bool:
        with suppress(OSError):
            status, body, _ = project.platform.ask(project.host)
            return (status, body) == (200, words)
        return False

    until(page, what=f"{project.host} says {words!r}", deadline=DEADLINE, every=0.2)


def attempts(job: Mapping[str, Any]) -> dict[str, int]:
    """The steps that needed more than one."""
    return {one["name"]: one["attempt"] for one in job["steps"] if one["attempt"] > 1}


def only(project: Project, live: int) -> None:
    """The newest release is the only live one, with one deployment and one program; nothing is half-made."""
    platform, app = project.platform, app_id(project)
    query = "SELECT r.number, r.state FROM dz2_release r JOIN dz2_project p ON p.id = r.project_id WHERE p.name = %s"
    rows = playing.ask_zoomdb(platform, f"{query} ORDER BY 1", project.name)
    assert [number for number, _ in rows] == list(range(1, live + 1)), rows
    assert [number for number, state in rows if state == "live"] == [live], rows
    query = (
        "SELECT r.number, d.state FROM dz2_appserverdeployment d JOIN dz2_release r ON r.id = d.release_id"
        " JOIN dz2_project p ON p.id = r.project_id WHERE p.name = %s AND d.state <> 'stopped'"
    )
    program = f"{app}-{live}-web.1"

    def one_of_each() -> bool:
        deployments = playing.ask_zoomdb(platform, query, project.name)
        programs = {name: state for name, state in playing.programs(platform).items() if name.startswith(app)}
        runs = ({program: "starting"}, {program: "running"})  # it answers already in the first ten seconds
        return deployments == [(live, "healthy")] and programs in runs

    until(one_of_each, what=f"{program} alone is left", deadline=DEADLINE, every=0.2)
    assert half_made(platform, app) == []


def half_made(platform: Platform, app: str) -> list[Path]:
    """What is written beside and renamed must not stay behind."""
    roots = [platform.home / kind / app for kind in ("build", "layers", "run")] + [platform.home / "store"]
    return [path for root in roots for path in root.rglob("*.coming")]


def running(platform: Platform, number: int, step: str) -> int:
    """The pid of the worker's child that runs this step."""
    return int(playing.step(playing.when(platform, number, f"{step} runs", **{step: "running"}), step)["pid"])


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process and all below it, stopped where they are."""
    tree = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    for one in tree:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in tree:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


@contextmanager
def second_build_host(platform: Platform) -> Iterator[None]:
    """Another build worker, with a home of its own; the bundle store is shared, as between real hosts."""
    plan = replace(playing.plan(platform), given=platform.environment)
    service = next(one for one in services.ours(plan) if one.name == "worker-build")
    store = service.env.get("DZ_BUNDLE_STORE", f"file://{platform.home / 'store'}")
    home = Path(tempfile.mkdtemp(prefix="build-2-", dir=platform.home.parent))  # where the projects' uids may pass
    home.chmod(0o755)
    env = service.env | {"DZ_INSTANCE_ID": "build-2", "DZ_HOME": str(home), "DZ_BUNDLE_STORE": store}
    argv = [word.replace("build-1@", "build-2@") for word in service.argv]
    with (home / "log").open("wb") as log:
        worker = subprocess.Popen(argv, cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        query = "SELECT 1 FROM dz2_host WHERE instance_id = 'build-2' AND last_heartbeat > now() - interval '5 s'"
        until(lambda: playing.ask_zoomdb(platform, query), what="build-2 beats", deadline=DEADLINE, every=0.2)
        yield
    finally:
        worker.terminate()
        worker.wait(DEADLINE)


def serving(platform: Platform, app: str) -> list[int]:
    """The project's own processes that answer requests."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, IndexError):
            words = process.cmdline()
            if words[0].startswith(f"{platform.home}/layers/{app}/") and words[-1] == "serve":
                found.append(int(process.pid))
    return found


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """A file system of its own, a few pages small, in the place of that folder."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=0711", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
