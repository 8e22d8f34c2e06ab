"""Plays one worker on one rung against the hostile sample and prints what broke out, as JSON.

``measure.py FOLDER RUNG NETWORK WITHOUT``: run as whom the rung is for. ``WITHOUT`` names one defence to leave away.
The stand-ins (zoomdb, broker, neighbour, worker's secret) are made here, under the identity that has the real ones.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dz.names import AppId
from dz.seams.sandbox import Box, Network, Sandbox, killing
from dz.seams.sandbox.bwrap import Bwrap
from dz.seams.sandbox.ladder import make
from dz.seams.sandbox.limits import Confined
from tests.waiting import until

OURS, NEIGHBOUR = AppId.of(1), AppId.of(2)
PYTHON = "/usr/bin/python3"


class Weaker(Bwrap):
    """The real one, short of one flag or of setpriv."""

    without = ""

    def argv(self, box: Box, inner: Box) -> tuple[list[str], list[str]]:
        words, hidden = Bwrap.argv(self, box, inner)
        if Weaker.without == "setpriv":
            end = words.index("--", words.index("/usr/bin/setpriv"))
            return words[: words.index("/usr/bin/setpriv")] + words[end + 1 :], hidden
        return [word for word in words if word != Weaker.without], hidden


def weakened(sandbox: Sandbox, without: str) -> Sandbox:
    if not without:
        return sandbox
    if isinstance(sandbox, Confined):
        return replace(sandbox, **{without: False})  # type: ignore[arg-type]
    assert isinstance(sandbox, Bwrap)
    Weaker.without = without
    values = {name: getattr(sandbox, name) for name in Bwrap.__dataclass_fields__}
    # Order A without setpriv fails closed (root's own namespace can't enter the project's folder); B is what it guards.
    return Weaker(**(values | {"drops_first": without != "setpriv" and sandbox.drops_first}))


def broker(folder: Path) -> tuple[int, Path]:
    """Answers ``broker`` on loopback and on a socket that only its own user may open."""
    path = folder / "broker.sock"
    tcp = socket.create_server(("127.0.0.1", 0))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(path))
    path.chmod(0o600)
    unix.listen()

    def serve(listener: socket.socket) -> None:
        while True:
            client, _ = listener.accept()
            with client:
                client.sendall(b"broker")

    for listener in (tcp, unix):
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
    return tcp.getsockname()[1], path


def alive(mark: str) -> list[int]:
    """Processes whose command line has ``mark`` as a word."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def sleeping(sandbox: Sandbox, app_id: AppId, mark: str) -> int:
    """A child of ours that is a worker in the middle of a step of that project: its pid."""
    pid = os.fork()
    if pid == 0:
        box = Box(argv=("/usr/bin/sleep", mark), app_id=app_id, cwd=Path("/"), kill_id=f"step-{mark}")
        sandbox.run(box, deadline=300)
        os._exit(0)
    until(lambda: _is_asleep(mark), what="the box runs")
    return pid


def _is_asleep(mark: str) -> bool:
    """Whether the command itself runs: from then on bwrap has asked to die with its parent."""
    return any(Path(f"/proc/{pid}/comm").read_text() == "sleep\n" for pid in alive(mark))


def mark() -> str:
    return str(10**9 + secrets.randbelow(10**9))


def measure(folder: Path, sandbox: Sandbox, weak: Sandbox, network: Network) -> Sequence[str]:
    aims, project = _aims(folder, sandbox)
    port, path = broker(folder)
    neighbour = sleeping(sandbox, NEIGHBOUR, str(aims["neighbour"]))
    aims |= {"broker_port": port, "broker_socket": str(path)}
    argv = (PYTHON, "-I", str(project / "attack.py"))
    box = Box(argv=argv, app_id=OURS, cwd=project, read=(folder / "layer",), writable=(project,), network=network)
    try:
        finished = weak.run(box, deadline=30, stdin=json.dumps(aims).encode())
        assert finished.ok, finished.text
        broke_out = set(json.loads(finished.text.splitlines()[-1]))
        if alive(str(aims["daemon"])):
            broke_out.add("outlive")
        if "kill_neighbour" in broke_out:
            until(
                lambda: not killing.carriers(f"step-{aims['neighbour']}"), what="the neighbour that was killed is gone"
            )
        if _outlives_its_worker(weak):
            broke_out.add("outlive_worker")
    finally:
        for pid in alive(str(aims["daemon"])):
            os.kill(pid, signal.SIGKILL)
        sandbox.kill(f"step-{aims['neighbour']}")
        os.waitpid(neighbour, 0)
    return sorted(broke_out)


def _aims(folder: Path, sandbox: Sandbox) -> tuple[dict[str, str | int], Path]:
    zoomdb, layer = folder / "zoomdb", folder / "layer"
    project, other = folder / "project", folder / "other"
    for made in (zoomdb, layer, project, other):
        made.mkdir()
    (zoomdb / "rows").write_text("secret")
    zoomdb.chmod(0o700)
    (layer / "key").write_text("secret")  # the platform's own, in a folder that the project may read
    (layer / "key").chmod(0o600)
    (other / "settings.py").write_text("secret")
    shutil.copy(Path(__file__).with_name("attack.py"), project)
    sandbox.own(other, NEIGHBOUR)
    sandbox.own(project, OURS)
    names = {"zoomdb": zoomdb / "rows", "closed_file": layer / "key", "neighbours_file": other / "settings.py"}
    aims: dict[str, str | int] = {name: str(path) for name, path in names.items()}
    aims |= {"neighbour": mark(), "daemon": mark(), "secret": os.environ["STAND_IN_SECRET"]}
    return aims, project


def _outlives_its_worker(sandbox: Sandbox) -> bool:
    """kill -9 of the worker in mid-step. Waits for the good end; what is still there after it is the finding."""
    own = mark()
    pid = sleeping(sandbox, OURS, own)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    patience = 10 if isinstance(sandbox, Weaker) else 60  # what is weakened is expected to stay
    try:
        until(lambda: not alive(own), what="the step ended with its worker", deadline=patience)
    except AssertionError:
        sandbox.kill(f"step-{own}")
        return True
    return False


if __name__ == "__main__":
    home, rung, network, without = Path(sys.argv[1]), *sys.argv[2:]
    strong = make(home=home, forced=rung, uid_base=610_000_000)  # of no platform whose firewall may still be laid
    print(json.dumps(measure(home, strong, weakened(strong, without), Network(network))), flush=True)
    os._exit(0)  # the broker's threads wait for ever
