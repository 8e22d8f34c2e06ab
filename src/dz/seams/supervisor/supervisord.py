"""supervisord as the supervisor: a program is an include file, and a few calls over its unix socket.

The file is the wanted state and survives supervisord's own restart; the calls make the running one follow it. The main
configuration (its socket, password and ``[include]``) belongs to whoever starts supervisord.
"""

from __future__ import annotations

import os
import re
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from dz.errors import PlatformError, Transient
from dz.log import Secret
from dz.seams.supervisor import End, Program, Status
from dz.seams.supervisor.program_file import checked_name, render
from dz.until import until

USER = "dz"
EVERY = 0.05
PATIENCE = 20.0  # seconds beyond a program's own grace, after which supervisord is given up
LOG = 64 * 1024  # bytes of supervisord's log to look for ends in
_ENDED = re.compile(
    r"^(?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8},[0-9]{3}) \w+ exited: (?P<name>\S+) \((?P<how>[^;()\n]+)",
    re.MULTILINE,
)
DEAD = frozenset({"fatal", "exited", "stopped", "unknown"})


class Supervisord:
    """Drives one supervisord. ``include_dir`` is what its ``[include] files = .../*.conf`` names."""

    def __init__(self, socket: Path, password: Secret, include_dir: Path, *, user: str = USER) -> None:
        self._socket = socket
        self._password = password
        self._include = include_dir
        self._user = user

    def start(self, program: Program) -> None:
        """See the contract. A program that was given up (fatal) or has ended is started again."""
        text = render(program)
        file = self._file(program.name)
        with self._calls() as calls:
            known = self._states(calls).get(program.name)
            same = file.exists() and file.read_text() == text
            if same and known is not None and known.state not in DEAD:
                return
            if known is not None:
                self._remove(calls, program.name)
            program.log.parent.mkdir(parents=True, exist_ok=True)
            _write(file, text)
            self._add(calls, program.name)

    def stop(self, *names: str) -> None:
        """See the contract. The file goes first, so that a supervisord that restarts meanwhile does not revive it."""
        for name in names:
            self._file(name).unlink(missing_ok=True)
        if names:
            with self._calls() as calls:
                self._remove(calls, *[name for name in names if name in self._states(calls)])

    def status(self) -> dict[str, Status]:
        """Everything that this supervisord runs, by name."""
        with self._calls() as calls:
            return self._states(calls)

    def ends(self) -> list[End]:
        """Read from supervisord's own log, the only place where it keeps how a program that it started again ended."""
        with self._calls() as calls:
            try:
                said = str(calls.readLog(-LOG, 0))
            except xmlrpc.client.Fault as fault:
                if fault.faultCode in (Faults.NO_FILE, Faults.FAILED):
                    return []
                raise
        return [End(name=found["name"], at=found["at"], how=_how(found["how"])) for found in _ENDED.finditer(said)]

    def _file(self, name: str) -> Path:
        return self._include / f"{checked_name(name)}.conf"

    def _states(self, calls: Any) -> dict[str, Status]:
        return {info["name"]: _status(info) for info in calls.getAllProcessInfo()}

    def _add(self, calls: Any, name: str) -> None:
        try:
            calls.reloadConfig()
            with _unless(Faults.ALREADY_ADDED):
                calls.addProcessGroup(name)
        except xmlrpc.client.Fault as fault:
            self._file(name).unlink(missing_ok=True)  # a file that can't be read would block every other program
            raise PlatformError(f"supervisord refuses {name}: {fault.faultString}") from fault
        calls.getState()  # wakes its loop, which else starts nothing for a second

    def _remove(self, calls: Any, *names: str) -> None:
        """Stop and forget. Asked again and again, because each call wakes supervisord, which reaps on 1 s ticks."""
        for name in names:
            with _unless(Faults.BAD_NAME, Faults.NOT_RUNNING):
                calls.stopProcessGroup(name, False)
        grace = max((self._grace(calls, name) for name in names), default=0.0)
        left = list(names)

        def none() -> bool:
            left[:] = [name for name in left if not self._forgotten(calls, name)]
            return not left

        if not until(none, grace + PATIENCE, every=EVERY):
            raise PlatformError(f"{left[0]} still runs {grace + PATIENCE:.0f} s after it was told to stop")

    def _forgotten(self, calls: Any, name: str) -> bool:
        try:
            calls.removeProcessGroup(name)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == Faults.STILL_RUNNING:
                return False
            if fault.faultCode != Faults.BAD_NAME:
                raise PlatformError(f"supervisord can't remove {name}: {fault.faultString}") from fault
        return True

    def _grace(self, calls: Any, name: str) -> float:
        for info in calls.getAllConfigInfo():
            if info["name"] == name:
                return float(info["stopwaitsecs"])
        return 0.0

    @contextmanager
    def _calls(self) -> Iterator[Any]:
        transport = SupervisorTransport(self._user, self._password.reveal(), f"unix://{self._socket}")
        proxy = xmlrpc.client.ServerProxy("http://supervisord", transport=transport)
        try:
            yield proxy.supervisor
        except (OSError, HTTPException) as error:
            raise Transient(f"supervisord does not answer on {self._socket}: {error}") from error
        except xmlrpc.client.ProtocolError as error:
            raise PlatformError(f"supervisord answered {error.errcode} {error.errmsg}") from error
        finally:
            transport.close()


@contextmanager
def _unless(*codes: int) -> Iterator[None]:
    """These faults say that what was asked for is so already."""
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode not in codes:
            raise


def _how(text: str) -> str:
    """``exit status 1`` and ``terminated by SIGKILL`` as people say them."""
    return text.replace("exit status", "exit").replace("terminated by", "killed by").replace(" (core dumped)", "")


def _status(info: dict[str, Any]) -> Status:
    state = str(info["statename"]).lower()
    return Status(
        name=info["name"],
        state=state,
        pid=info["pid"] or None,
        since=float(max(0, info["now"] - info["start"])) if info["start"] else None,
        detail=_detail(state, info),
    )


def _detail(state: str, info: dict[str, Any]) -> str:
    if state == "exited":
        return f"exit code {info['exitstatus']}"
    return str(info["spawnerr"] or ("" if state == "running" else info["description"]))


def _write(file: Path, text: str) -> None:
    """Beside, fsync, rename: a reader sees the old file or the whole new one."""
    beside = file.with_suffix(".new")
    with beside.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.rename(file)
    with suppress(OSError):
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
