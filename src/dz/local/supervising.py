"""The one supervisord of the embedded platform: services and sites are its programs.

It is started in a session of its own and stays when ``dz up`` ends. Where it was killed, everything it ran dies with it
(``setpriv --pdeathsig``) and the next ``dz up`` starts all again.
"""

from __future__ import annotations

import hashlib
import os
import sys
import xmlrpc.client
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException

import psutil
from supervisor.xmlrpc import SupervisorTransport

from dz.errors import DzError, PlatformError
from dz.local import begin
from dz.local.bring import Runtime
from dz.local.layout import Layout
from dz.local.service import Service
from dz.local.users import ROOT, file
from dz.log import Secret
from dz.run import start
from dz.seams.supervisor import Status
from dz.seams.supervisor.supervisord import USER, Supervisord
from dz.until import until

START = 20.0
STOP = 60.0

CONFIG = """\
[unix_http_server]
file={socket}
chmod=0600
username={user}
password={{SHA}}{password}
[supervisord]
logfile={log}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile={home}/supervisord.pid
nodaemon=true
silent=true
minfds=4096
umask=022
{as_root}[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[include]
files={programs}/*.conf
"""


class Supervision:
    """This platform's supervisord."""

    def __init__(self, layout: Layout, password: Secret) -> None:
        self._layout = layout
        self._password = password
        self._programs = Supervisord(layout.supervisor_socket, password, layout.programs)

    def status(self) -> dict[str, Status]:
        """Of every program; empty when supervisord is not there."""
        with suppress(DzError):
            return self._programs.status()
        return {}

    def answers(self) -> bool:
        with suppress(DzError):
            self._programs.status()
            return True
        return False

    def pid(self) -> int | None:
        """supervisord's own, whether it answers or not."""
        with suppress(OSError, ValueError, psutil.Error):
            process = psutil.Process(int((self._layout.home / "supervisord.pid").read_text()))
            if str(self._layout.home / "supervisord.conf") in process.cmdline():
                return int(process.pid)
        return None

    def start(self) -> None:
        """Start it and wait until it answers. Raises PlatformError with its last words."""
        layout = self._layout
        self.kill()
        text = CONFIG.format(
            socket=layout.supervisor_socket,
            user=USER,
            password=hashlib.sha1(self._password.reveal().encode(), usedforsecurity=False).hexdigest(),
            log=layout.logs,
            home=layout.home,
            programs=layout.programs,
            as_root="user=root\n" if os.geteuid() == 0 else "",
        )
        config = layout.home / "supervisord.conf"
        file(config, text, ROOT)
        output = layout.logs / "supervisord.out"
        output.write_bytes(b"")
        start(
            [sys.executable, "-m", "supervisor.supervisord", "-c", config],
            cwd=layout.home,
            output=output,
            env={"PYTHONWARNINGS": "ignore"},
        )
        if not until(self.answers, START, every=0.02):
            raise PlatformError(f"supervisord does not start: {output.read_text()[-600:]}")

    def run(self, services: Iterable[Service], runtime: Runtime) -> None:
        """Start them side by side, or start anew those that changed; leave the others alone."""
        programs = [service.program(self._layout, runtime) for service in services]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._programs.start, programs))

    def stop(self, names: Iterable[str]) -> None:
        """Stop programs side by side and forget them."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._programs.stop, names))

    def halt(self, names: Iterable[str]) -> None:
        """Stop programs side by side but keep them: the next start runs them again."""
        wanted = list(names)
        for name in wanted:
            with suppress(OSError, HTTPException, xmlrpc.client.Error):
                self._call("stopProcessGroup", name, False)

        def none_runs() -> bool:
            status = self.status()
            return not any(status[name].pid for name in wanted if name in status)

        until(none_runs, STOP, every=0.05)

    def shut_down(self) -> None:
        """End supervisord and what it still runs: the sites, which it knows again at its next start."""
        pid = self.pid()
        if pid is None:
            return
        with suppress(OSError, HTTPException, xmlrpc.client.Error):
            self._call("shutdown")

        def gone() -> bool:
            if not (psutil.pid_exists(pid) and self.pid() == pid):
                return True
            with suppress(OSError, HTTPException, xmlrpc.client.Error):
                self._call("getState")  # each call wakes it; by itself it looks once a second
            return False

        until(gone, STOP, every=0.02)
        self.kill()

    def kill(self) -> None:
        """What is left of supervisord and its services, however they ended."""
        pid = self.pid()
        if pid is not None:
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                process.kill()
                process.wait(10)
        work = self._layout.folder("x").parent
        for own in work.iterdir() if work.exists() else ():
            begin.end(str(own))

    def _call(self, method: str, *arguments: object) -> None:
        transport = SupervisorTransport(USER, self._password.reveal(), f"unix://{self._layout.supervisor_socket}")
        try:
            getattr(xmlrpc.client.ServerProxy("http://supervisord", transport=transport).supervisor, method)(*arguments)
        finally:
            transport.close()
