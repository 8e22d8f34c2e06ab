"""``dz db download`` into a place where nothing can be written, from a server of one answer."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dz.cli.client import Api
from dz.cli.downloading import download
from dz.cli.where import Server
from dz.errors import UserError

DUMP = b"a dump"


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Dz-Backup", "1")
        self.send_header("Dz-Sha256", hashlib.sha256(DUMP).hexdigest())
        self.send_header("Content-Length", str(len(DUMP)))
        self.end_headers()
        self.wfile.write(DUMP)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Api(Server(url=f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()


def test_a_file_that_cannot_be_written_is_named_and_one_that_can_holds_all(api: Api, tmp_path: Path) -> None:
    for into in (tmp_path / "no-folder" / "shop.dump", Path("/proc/shop.dump")):
        with pytest.raises(UserError) as told:
            download(api, "shop", None, "database", suffix="dump", into=into)
        assert (told.value.id, str(into) in told.value.brief) == ("cli.unwritable", True)
    found = download(api, "shop", None, "database", suffix="dump", into=tmp_path / "shop.dump")
    assert (found.file.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (DUMP, ["shop.dump"])
