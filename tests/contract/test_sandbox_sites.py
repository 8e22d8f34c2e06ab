"""A running site in the sandbox: its listener, its end, and that it leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dz.run import run
from dz.seams.sandbox import Box, Network, Sandbox, killing
from dz.tasklib.guestcopy import guest_folder
from tests.contract.test_sandbox import PROJECT, PYTHON, home, project, real, sandbox
from tests.hostile.measure import mark
from tests.servers import free_port
from tests.waiting import until

__all__ = ["home", "project", "real", "sandbox"]


# A server that takes the handed socket, answers "started", says when it was told to end, and finishes on "go".
SERVER = """
import os, signal, socket
listener = socket.socket(fileno=3)
print("up", os.environ["PASSWORD"], os.environ.get("LISTEN_FDS"), flush=True)
client, _ = listener.accept()
signal.signal(signal.SIGTERM, lambda *_: client.sendall(b"term "))
client.sendall(b"started ")
while client.recv(2) != b"go": pass
client.sendall(b"done")
"""


class Site:
    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.port, self.spec = free_port(), home / f"{mark()}.json"
        box = Box(
            argv=(PYTHON, "-I", "-c", SERVER), app_id=PROJECT, cwd=Path("/"), network=Network.SITE,
            env={"PASSWORD": "of-the-site", "LISTEN_FDS": "1"}, kill_id=mark(),
        )  # fmt: skip
        self.kill_id = box.kill_id
        self.argv = sandbox.site(box, address="127.0.0.1", port=self.port, spec=self.spec)

    def client(self) -> socket.socket:
        client = until(self._connected, what="the launcher listens")
        assert client is not None
        return client

    def _connected(self) -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", self.port), timeout=60)
        except ConnectionRefusedError:
            return None


def heard(client: socket.socket, word: bytes) -> None:
    got = b""
    while word not in got:
        piece = client.recv(100)
        assert piece, f"ended without {word!r}: {got!r}"
        got += piece


@contextmanager
def supervised(argv: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """As supervisord does: a group of its own."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_site_gets_its_listener_and_finishes_its_request_when_its_group_is_told_to_end(
    sandbox: Sandbox, home: Path
) -> None:
    site = Site(sandbox, home)
    assert site.spec.stat().st_mode & 0o777 == 0o600
    assert "of-the-site" not in " ".join(site.argv)
    with supervised(site.argv) as process, site.client() as client:
        heard(client, b"started ")
        os.killpg(process.pid, signal.SIGTERM)
        heard(client, b"term ")
        client.sendall(b"go")
        heard(client, b"done")
        assert process.stdout is not None
        assert process.stdout.read().decode() == "up of-the-site 1\n"
        assert process.wait(60) == 0


def test_a_busy_port_is_told_at_once(sandbox: Sandbox, home: Path) -> None:
    site = Site(sandbox, home)
    with socket.create_server(("127.0.0.1", site.port)):
        finished = run(site.argv, deadline=60)
    assert finished.code == 98 and str(site.port) in finished.text


def test_a_site_dies_with_its_supervisor(sandbox: Sandbox, home: Path) -> None:
    site = Site(sandbox, home)
    parent = f"import subprocess, sys; subprocess.run({list(site.argv)!r})"
    with supervised([sys.executable, "-I", "-c", parent]) as process, site.client() as client:
        heard(client, b"started ")
        process.kill()
        assert client.recv(1) == b""
    until(lambda: _refused(site.port), what="nobody listens any more")


# Like a worker: it ends its task, and its child is to be left in peace.
WORKS = """
trap 'touch told' TERM
(trap 'touch child-told' TERM; while :; do sleep 0.05; done) &
touch up
while [ ! -e told ] || [ ! -e go ]; do sleep 0.05; done
[ -e child-told ] || echo finished
"""


def test_a_process_without_a_port_is_told_to_stop_alone_takes_its_time_and_leaves_nothing(
    sandbox: Sandbox, home: Path, project: Path
) -> None:
    guest = guest_folder(home)
    (project / "spec.json").write_text(json.dumps({"project_root": str(project)}))
    sandbox.own(project, PROJECT)
    box = Box(
        argv=(PYTHON, str(guest / "main.py"), "work", "sh", "-c", WORKS), app_id=PROJECT, cwd=project, read=(guest,),
        writable=(project,), network=Network.SITE, env={"DZ_GUEST_SPEC": str(project / "spec.json")}, kill_id=mark(),
    )  # fmt: skip
    argv = sandbox.site(box, address="127.0.0.1", port=None, spec=home / f"{mark()}.json")
    with supervised(argv) as process:
        until((project / "up").exists, what="it works")
        os.killpg(process.pid, signal.SIGTERM)
        until((project / "told").exists, what="it was told")
        (project / "go").touch()
        assert process.stdout is not None
        assert process.wait(60) == 0, process.stdout.read()
        assert process.stdout.read() == b"finished\n"
    until(lambda: not killing.carriers(box.kill_id), what="its child is gone")


def _refused(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0
