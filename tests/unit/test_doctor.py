"""What ``dz doctor`` says of the package index: asked by the real uv, of a server made here."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dz.local import doctor, planning, providers
from dz.local.layout import Layout

PAGE = '<a href="django-5.0-py3-none-any.whl" data-core-metadata="true">django-5.0-py3-none-any.whl</a>'
PAGES = {
    "/simple/django/": PAGE,
    "/simple/django/django-5.0-py3-none-any.whl.metadata": "Metadata-Version: 2.1\nName: django\nVersion: 5.0\n",
}


class Index(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = PAGES.get(self.path, "").encode()
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "text/plain")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None: ...


class Locked(Index):
    """A port that is open, and an index that gives nothing."""

    def do_GET(self) -> None:
        self.send_error(403)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://me:pa55word@127.0.0.1:{server.server_port}/simple"
        server.shutdown()


@pytest.mark.parametrize(("handler", "well"), [(Index, True), (Locked, False)])
def test_an_index_is_well_if_it_has_what_every_site_needs(
    handler: type[BaseHTTPRequestHandler], well: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(handler) as url:
        for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
            monkeypatch.setenv(name, url)
        monkeypatch.setenv("UV_DEFAULT_INDEX", url)
        ok, said, mend = doctor._index(Layout(tmp_path / "h"))
    assert (ok, "django==5.0" in said) == (well, well), said
    assert said.startswith("127.0.0.1") and "pa55word" not in said + mend
    assert "cause:" not in said.lower() and ("SSL_CERT_FILE" in mend) != well, (said, mend)


def test_what_the_way_to_an_index_may_need_is_named_where_it_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    ok, said, mend = doctor._index(Layout(tmp_path / "h"))
    assert (ok, "SSL_CERT_FILE" in mend, "cause:" in said.lower()) == (False, True, False), said


def test_an_nginx_is_asked_in_a_folder_that_nobody_else_can_have_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, told, nginx = Layout(tmp_path / "h"), tmp_path / "told", tmp_path / "bin/nginx"
    nginx.parent.mkdir()
    said = f'for one; do :; done; [ "$one" = -v ] || /usr/bin/stat -c "%a %n" "${{one%/*}}" > {told}'
    nginx.write_text(f"#!/bin/sh\n{said}\necho nginx version: nginx/1.99.0\n")
    nginx.chmod(0o755)
    guessed = layout.sockets.with_suffix(".asked")
    guessed.mkdir()  # by any user of this machine
    try:
        monkeypatch.setenv("PATH", f"{nginx.parent}:{os.environ['PATH']}")
        monkeypatch.delenv("DZ_NGINX", raising=False)
        assert "nginx 1.99.0 (system)" in doctor._servers(layout)[1]
        mode, folder = told.read_text().split()
        assert mode == "700" and not list(guessed.iterdir()) and not Path(folder).exists()
    finally:
        shutil.rmtree(guessed)


@pytest.mark.parametrize(("was_up", "well"), [(True, False), (False, True)])
def test_a_platform_that_ended_by_itself_is_not_well_and_one_that_was_never_started_is(
    tmp_path: Path, was_up: bool, well: bool
) -> None:
    layout = Layout(tmp_path / "h")
    layout.home.mkdir()
    if was_up:
        layout.client.write_text("{}")
    ok, said, mend = doctor._services(layout)
    assert ok is well
    assert said == ("all ended by themselves" if was_up else "not started; dz up starts them")
    assert was_up == (doctor._looked("services", doctor._services, layout).mend == mend)


def test_the_broker_is_named_that_the_platform_has_not_the_one_that_a_new_one_would_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DZ_BROKER", raising=False)
    monkeypatch.setattr(providers, "RABBITMQ", Path("/usr/bin/env"))
    layout = Layout(tmp_path / "h")
    layout.home.mkdir()
    assert "rabbitmq" in doctor._servers(layout)[1]
    layout.state.write_text(json.dumps({"host": "127.0.0.1", "port": 1, "broker": "valkey", "broker_ports": []}))
    assert "valkey" in doctor._servers(layout)[1]


def test_the_port_is_the_one_that_dz_up_takes_which_one_that_was_up_has_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "running", lambda _: None)  # it was ended
    layout = Layout(tmp_path / "h")
    layout.home.mkdir()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        kept = {"host": "127.0.0.1", "port": taken, "broker": "valkey", "broker_ports": []}
        layout.state.write_text(json.dumps(kept))
        assert doctor._port(layout)[1].startswith(f"{taken} is used by ")
    assert doctor._port(layout) == (True, f"{taken} is free", "")
