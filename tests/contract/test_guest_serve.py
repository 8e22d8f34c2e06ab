"""The web process takes fd 3, serves the project and its uploads, and finishes what runs when it is told to stop."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dz.run import environment as process_environment
from dz.tasklib.appserver import health
from dz.tasklib.appserver.blame import blame
from dz.tasklib.appserver.health import Visit
from dz.tasklib.appserver.visitor import AGENT
from dz.tasklib.build import verdict
from tests.guests import GUEST, Site, environment, everywhere
from tests.waiting import until

# As the launcher does it.
ON_THREE = """
import os, signal, sys
os.dup2(int(sys.argv[1]), 3)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.execv(sys.argv[2], sys.argv[2:])
"""
SLOW = """
import gc, os, time
RESTED = gc.get_threshold()[0] > 100000
from django.http import HttpResponse
try:
    from django.urls import re_path
except ImportError:
    from django.conf.urls import url as re_path

def slow(request):
    open("started", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.02)
    return HttpResponse("finished")

def collector(request):
    return HttpResponse("%s %s" % (RESTED, gc.get_threshold()[0] < 100000))

def hello(request):
    return HttpResponse("secure" if request.is_secure() else "plain")

urlpatterns = [re_path("^$", hello), re_path("^slow$", slow), re_path("^collector$", collector)]
"""
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
ASSETS = """
import os
STATIC_URL = "/static/"
STATICFILES_DIRS = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "assets")]
"""
THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
FILES = {"site_urls.py": SLOW, "site_wsgi.py": WSGI, "site_asgi.py": WSGI.replace("wsgi", "asgi")}


@dataclass
class Running:
    """A guest that serves on a socket of the test."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, body, told = self.ask(method, path, {"Host": "shop.localhost:8800", **named})
        return status, body, {name.lower(): value for name, value in told}

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, bytes, list[tuple[str, str]]]:
        """One request on a connection of its own, exactly these headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheaders()


@contextlib.contextmanager
def serving(site: Site) -> Iterator[Running]:
    log = site.root / "log"
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("wb") as out:
        argv = [sys.executable, "-c", ON_THREE, str(listening.fileno()), str(site.python), str(GUEST), "serve"]
        process = subprocess.Popen(
            argv,
            env=process_environment(site.prepare(LISTEN_FDS="1", DZ_RELEASE_HEADER="1")),
            pass_fds=(listening.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield Running(process, listening.getsockname()[1], log)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def site(tmp_path: Path, name: str, **spec: object) -> Site:
    media = tmp_path / "media"
    media.mkdir()
    (media / "note one.txt").write_text("0123456789")
    (tmp_path / "secret.txt").write_text("secret")
    (media / "out").symlink_to(tmp_path / "secret.txt")
    extra = {"gunicorn.conf.py": "raise SystemExit(9)", "brochures/a.txt": "brochure"}
    return Site.of(tmp_path, environment(name), {**FILES, **extra}, release=7, **{"workers": 1, **spec})


@everywhere
def test_a_web_process_that_is_asked_says_what_a_probe_of_another_copy_finds(name: str, tmp_path: Path) -> None:
    wsgi, asgi = ("no_such_wsgi", "site_wsgi.application"), ("site_asgi.application",)
    probed, served = (asked(tmp_path / folder, name) for folder in ("probed", "served"))
    found = probed.probe(["site_settings"], wsgi=wsgi, asgi=asgi)
    served.spec |= {"wsgi": wsgi[1], "candidates": {"wsgi": wsgi, "asgi": asgi}}
    with serving(served) as running:
        said = verdict.said_result(what_it_says(served))
        assert running.get("/")[0] == 200
    assert said is not None, running.log.read_text()
    assert said.learned.static_inputs and said.learned.migrates
    assert (said.learned, said.chosen.settings) == (found.learned, "site_settings")
    assert (said.chosen.wsgi, said.chosen.asgi) == (found.chosen.wsgi, found.chosen.asgi)


def test_a_project_that_started_a_thread_says_it_too(tmp_path: Path) -> None:
    made = asked(tmp_path / "site", "newest")
    (made.code / "site_wsgi.py").write_text(f"{THREAD}{WSGI}")
    made.spec["wsgi"] = "site_wsgi.application"
    with serving(made) as running:
        assert verdict.said_result(what_it_says(made)) is not None, running.log.read_text()
        assert running.get("/")[0] == 200


@pytest.mark.parametrize(
    ("served", "urls"), [({"asgi": "site_asgi.application"}, SLOW), ({"wsgi": "site_wsgi.application"}, "no_such_name")]
)
def test_one_in_a_loop_or_with_urls_that_fail_says_that_it_cannot(
    served: dict[str, str], urls: str, tmp_path: Path
) -> None:
    made = asked(tmp_path / "site", "newest")
    (made.code / "site_urls.py").write_text(urls)
    made.spec |= served
    with serving(made):
        assert what_it_says(made) == "{}"


def asked(folder: Path, name: str) -> Site:
    """A site with a folder of static files beside its code, which is to say what it is."""
    folder.mkdir()
    made = site(folder, name)
    with (made.code / "site_settings.py").open("a") as settings:
        settings.write(ASSETS)
    (made.code / "assets").mkdir()
    (made.code / "assets/site.css").write_text("p { color: teal }")
    made.spec |= {"code": str(made.code), "tell": str(folder / "said.json"), "candidates": {}}
    return made


def what_it_says(made: Site) -> str:
    said = Path(made.spec["tell"])
    until(said.exists, what="it has said what it is")
    return said.read_text()


@everywhere
def test_gunicorn_serves_the_project_and_its_uploads(name: str, tmp_path: Path) -> None:
    made = site(tmp_path, name, wsgi="site_wsgi.application", site_media_map=[["brochures", "/docs"]])
    with serving(made) as running:
        status, body, headers = running.get("/")
        assert (status, body, headers.get("x-dz-release")) == (200, b"plain", "7"), running.log.read_text()
        assert running.get("/", X_Forwarded_Proto="https")[1] == b"secure"
        assert "gunicorn.conf.py is not used" in running.log.read_text()
        assert running.get("/collector")[1] == b"True True", "it rests while the project is loaded, and no longer"
        what_the_platform_asks_is_marked(running)
        uploads(running)
        assert running.get("/docs/a.txt")[1] == b"brochure"


@everywhere
def test_the_file_that_a_model_has_by_default_lies_among_the_uploads(name: str, tmp_path: Path) -> None:
    model = "from django.db import models\nclass {0}(models.Model):\n    image = models.FileField(default={1!r})\n"
    model += "    class Meta:\n        app_label = 'faces'\n"
    names = ("people/none.txt", "gone.txt", "../site_urls.py", "note one.txt")
    made = site(tmp_path, name, wsgi="site_wsgi.application")
    for path, text in {
        "faces/__init__.py": "",
        "faces/models.py": "\n".join(model.format(f"Face{n}", one) for n, one in enumerate(names)),
        "uploads/people/none.txt": "nobody",
        "uploads/people/else.txt": "no default",
        "uploads/note one.txt": "older than what its owner made of it",
    }.items():
        (made.code / path).parent.mkdir(parents=True, exist_ok=True)
        (made.code / path).write_text(text)
    with (made.code / "site_settings.py").open("a") as settings:
        settings.write("\nMEDIA_ROOT = 'uploads'\nINSTALLED_APPS += ['faces']\n")
    with serving(made) as running:
        assert running.get("/media/people/none.txt")[1] == b"nobody", running.log.read_text()
    media = tmp_path / "media"
    assert (media / "note one.txt").read_text() == "0123456789"
    assert sorted(str(one.relative_to(media)) for one in media.rglob("*.*")) == ["note one.txt", "people/none.txt"]
    assert not (tmp_path / "site_urls.py").exists()


def what_the_platform_asks_is_marked(running: Running) -> None:
    """And no visitor looks like it, whatever his browser calls itself."""
    visit = Visit("127.0.0.1", running.port, "shop.localhost:8800", "http")
    assert health.ask(visit, path="/ours", deadline=60)
    running.get("/theirs", User_Agent=AGENT, X_Forwarded_For="10.0.0.7")

    def told() -> dict[str, str]:
        """Of two workers each writes its own line when it comes to it."""
        return dict(re.findall(r"GET /(ours|theirs) \d+ \S+ ms(.*)\n", running.log.read_text()))

    until(lambda: len(told()) == 2, what="both are in the log")
    assert told() == {"ours": ", asked by DjangoZoom", "theirs": ""}


def uploads(running: Running) -> None:
    """Uploaded files: whole, in part, unchanged; nothing beside them."""
    status, body, headers = running.get("/media/note%20one.txt")
    assert (status, body, headers["content-type"]) == (200, b"0123456789", "text/plain")
    modified = headers["last-modified"]
    assert running.get("/media/note%20one.txt", If_Modified_Since=modified)[:2] == (304, b"")
    status, body, headers = running.get("/media/note%20one.txt", Range="bytes=2-4")
    assert (status, body, headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert running.get("/media/note%20one.txt", Range="bytes=-3")[1] == b"789"
    assert running.get("/media/note%20one.txt", Range=f"bytes={'9' * 5000}-")[0] == 200, "no number for Python"
    endless = f"Mon, 1 Jan {'9' * 20} 1:1:1 GMT"
    assert running.get("/media/note%20one.txt", If_Modified_Since=endless)[0] == 200, "no year for it either"
    assert running.get("/media/note%20one.txt", "HEAD")[:2] == (200, b"")
    for path in ("/media/out", "/media/../secret.txt", "/media/%2e%2e/secret.txt", "/media//etc/passwd", "/media/",
                 "/media/..%2fsecret.txt", "/media/x%00"):  # fmt: skip
        status, body, _ = running.get(path)
        assert status in (400, 404), path
        assert b"secret" not in body.replace(path.encode(), b"").replace(b"secret.txt", b""), path


@everywhere
def test_a_project_that_is_loaded_yet_ends_at_once_when_it_is_told_to(name: str, tmp_path: Path) -> None:
    slow = "import time\nopen('loading', 'w').close()\ntime.sleep(600)\n"
    made = Site.of(tmp_path, environment(name), {**FILES, "site_wsgi.py": slow}, wsgi="site_wsgi.application")
    with serving(made) as running:
        until((made.root / "code/loading").exists, what="it is being loaded")
        running.process.terminate()
        assert running.process.wait(20) == -signal.SIGTERM


COUNTED = "import os, socket, threading, time\nwith open('loaded', 'a') as file:\n    file.write('once ')\n"


@pytest.mark.parametrize(
    ("name", "own", "times"),
    [
        ("oldest", "", 1),
        ("newest", "", 1),
        ("newest", "threading.Thread(target=time.sleep, args=[600], daemon=True).start()", 3),
        ("newest", "kept = socket.socketpair()", 3),
        ("newest", "kept = open('kept.sqlite3', 'w')", 3),
        ("newest", "log = open('own.log', 'a')", 1),
    ],
    ids=["oldest", "newest", "a thread", "a connection", "a file", "a log"],
)
def test_a_project_is_loaded_once_for_all_workers_but_where_they_would_share_what_is_one_process_s(
    name: str, own: str, times: int, tmp_path: Path
) -> None:
    made = site(tmp_path, name, wsgi="site_wsgi.application", workers=2)
    (made.code / "site_urls.py").write_text(f"{COUNTED}{own}\n{SLOW}")
    (made.code / "site_wsgi.py").write_text(f"{WSGI}import site_urls\n")
    with serving(made) as running:
        until(lambda: running.get("/")[0] == 200, what="it answers")
        until(lambda: running.log.read_text().count("Booting worker") == 2, what="both workers run")
        loaded = made.code / "loaded"
        until(lambda: loaded.read_text().count("once") == times, what=f"it is loaded {times} times")


ASKS = """
import socket
from django.db import connection
kept = socket.socketpair()
class Open:
    def close(self):
        for one in kept:
            one.close()
connection.connection = Open()
"""


@pytest.mark.parametrize("library", [ASKS, "raise SystemExit(3)"], ids=["that asks the database", "that ends"])
def test_a_library_of_tags_costs_neither_the_shared_loading_nor_the_site(library: str, tmp_path: Path) -> None:
    made = site(tmp_path, "newest", wsgi="site_wsgi.application", workers=2)
    templates = "TEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True}]"
    with (made.code / "site_settings.py").open("a") as settings:
        settings.write(f"\nINSTALLED_APPS += ['tagged']\n{templates}\n")
    tags = made.code / "tagged/templatetags"
    tags.mkdir(parents=True)
    (tags / "__init__.py").touch()
    (tags / "own.py").write_text(
        f"open('tags', 'w').close()\n{library}\nfrom django import template\nregister = template.Library()\n"
    )
    (made.code / "site_wsgi.py").write_text(f"{COUNTED}{WSGI}")
    with serving(made) as running:
        until(lambda: running.get("/")[0] == 200, what="it answers")
        until(lambda: running.log.read_text().count("Booting worker") == 2, what="both workers run")
        assert (made.code / "tags").exists()
        assert (made.code / "loaded").read_text().count("once") == 1


@everywhere
def test_a_project_that_dies_while_it_is_loaded_says_where(name: str, tmp_path: Path) -> None:
    made = site(tmp_path, name, wsgi="site_wsgi.application")
    (made.code / "site_wsgi.py").write_text("x = 1\nraise RuntimeError('not today')\n")
    with serving(made) as running:
        assert running.process.wait(60) == 1
        found = blame(running.log.read_text(), root=str(made.code))
    assert (found.where, found.error) == ("site_wsgi.py:2 raise RuntimeError('not today')", "RuntimeError: not today")


@pytest.mark.parametrize("workers", [1, 2])
def test_uvicorn_serves_a_project_that_has_only_an_asgi_application(workers: int, tmp_path: Path) -> None:
    with serving(site(tmp_path, "newest", wsgi="", asgi="site_asgi.application", workers=workers)) as running:
        status, body, headers = running.get("/")
        assert (status, body, headers.get("x-dz-release")) == (200, b"plain", "7"), running.log.read_text()
        what_the_platform_asks_is_marked(running)
        running.get("/a%0Ab?token=secret")
        until(lambda: "GET /a%0Ab " in running.log.read_text(), what="a path is one line, without its query")
        assert "secret" not in running.log.read_text()
        uploads(running)
        os.killpg(running.process.pid, signal.SIGTERM)
        running.process.wait(60)


def test_uvicorn_loads_a_project_where_it_may_ask_its_database(tmp_path: Path) -> None:
    made = site(tmp_path, "newest", wsgi="", asgi="site_asgi.application")
    asks = "from django.utils.asyncio import async_unsafe\nasync_unsafe(lambda: None)()\n"
    (made.code / "site_asgi.py").write_text(asks + FILES["site_asgi.py"])
    with serving(made) as running:
        assert running.get("/")[:2] == (200, b"plain"), running.log.read_text()
        os.killpg(running.process.pid, signal.SIGTERM)
        running.process.wait(60)


OLD_UVICORN = """
import asyncio, importlib

class Config:
    def __init__(self, app, log_level=None, workers=1):
        self.app = app

class Server:
    def __init__(self, config):
        module, _, name = config.app.partition(":")
        self.app = getattr(importlib.import_module(module), name)

    def run(self, sockets):
        told = []
        async def send(message):
            told.append(message)
        async def receive(asked=[]):
            asked.append(1)
            await asyncio.sleep(60 * (len(asked) - 1))  # then the visitor stays
            return {"type": "http.request", "body": b""}
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"shop.localhost")]}
        asyncio.run(self.app(scope, receive, send))
        print("TOLD", told[0]["status"], told[1]["body"])
"""


def test_a_uvicorn_that_calls_no_factory_is_given_the_application_itself(tmp_path: Path) -> None:
    made = site(tmp_path, "newest", wsgi="", asgi="site_asgi.application")
    (made.code / "uvicorn.py").write_text(OLD_UVICORN)
    with serving(made) as running:
        assert running.process.wait(60) == 0, running.log.read_text()
        assert "TOLD 200 b'plain'" in running.log.read_text() and "GET / 200" in running.log.read_text()


@pytest.mark.parametrize("name, kind", [("oldest", "wsgi"), ("newest", "wsgi"), ("newest", "asgi")])
def test_a_request_that_runs_is_finished_before_it_stops(name: str, kind: str, tmp_path: Path) -> None:
    """TERM goes to the whole group, as a supervisor sends it."""
    made = site(tmp_path, name, **{kind: f"site_{kind}"})
    answers: list[tuple[int, bytes]] = []
    with serving(made) as running:
        asking = threading.Thread(target=lambda: answers.append(running.get("/slow")[:2]))
        asking.start()
        until((made.code / "started").exists, what="the request runs")
        os.killpg(running.process.pid, signal.SIGTERM)
        said = ("Handling signal: term", "Shutting down")
        until(lambda: any(words in running.log.read_text() for words in said), what="TERM is taken")
        (made.code / "go").touch()
        asking.join(60)
        assert answers == [(200, b"finished")], running.log.read_text()
        assert running.process.wait(60) in (0, -signal.SIGTERM), running.log.read_text()
