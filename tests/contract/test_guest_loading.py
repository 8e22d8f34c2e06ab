"""A web process loads its project once for all its workers where it may, and says where it dies by that."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from dz.tasklib.appserver.blame import blame
from tests.guests import Site, environment, everywhere
from tests.serving import FILES, SLOW, WSGI, serving, site
from tests.waiting import until


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
