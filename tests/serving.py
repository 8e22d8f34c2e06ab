"""A guest that serves on a socket of the test, and the small site that it serves."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dz.run import environment as process_environment
from tests.guests import GUEST, Site, environment

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
