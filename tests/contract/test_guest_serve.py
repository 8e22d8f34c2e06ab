"""The web process takes fd 3, serves the project and its uploads, and finishes what runs when it is told to stop."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

import pytest

from dz.tasklib.appserver import health
from dz.tasklib.appserver.health import Visit
from dz.tasklib.appserver.visitor import AGENT
from tests.guests import everywhere
from tests.serving import FILES, Running, serving, site
from tests.waiting import until


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
