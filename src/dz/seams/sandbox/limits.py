"""The rungs ``uid`` and ``limits``: hosts without namespaces, where a command is confined by what the kernel still has.

``confine.py`` does the confining: the project's uid (as root), no new privileges, rlimits, Landlock for files, ports
and signals, a seccomp filter for sockets and dangerous calls, a keeper that ends what the command leaves behind. The
list of processes and the network stay shared, and on ``limits`` all projects and the platform are one Unix user.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import py_landlock

from dz.names import AppId
from dz.run import Finished, Streams, run
from dz.seams.sandbox import Box, Network, Rung, killing, launch, owning, seccomp
from dz.seams.sandbox.bwrap import ARGS_FD, ETC
from dz.seams.sandbox.interpreter import installed_in, reachable
from dz.seams.sandbox.outbound import Door, Outbound

CONFINE = Path(__file__).with_name("confine.py")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/proc", *(f"/etc/{name}" for name in ETC))
CLEARED = 15.0  # seconds for the keeper to end what a killed command left behind
FAMILIES: dict[Network, tuple[int, ...]] = {
    Network.NONE: (),
    Network.INDEX: (seccomp.AF_INET,),
    Network.SITE: (seccomp.AF_UNIX, seccomp.AF_INET, seccomp.AF_INET6, seccomp.AF_NETLINK),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confined:
    """A Sandbox without namespaces. ``landlock`` and ``filtered`` are False where the kernel has none."""

    rung: Rung
    uid_base: int
    outbound: Outbound
    lacks: str
    landlock: bool = True
    filtered: bool = True

    def run(self, box: Box, *, deadline: float, **streams: Unpack[Streams]) -> Finished:
        reading, alive = os.pipe()
        with self.outbound.opened() if box.network is Network.INDEX else nullcontext() as door:
            fd = os.memfd_create("dz-box", 0)
            try:
                os.write(fd, self.spec(box, door=door, alive=alive).encode())
                os.lseek(fd, 0, os.SEEK_SET)
                return run(
                    _argv(fd),
                    deadline=deadline,
                    pass_fds=(fd, alive),
                    **streams,
                )
            finally:
                os.close(fd)
                os.close(alive)
                select.select([reading], [], [], CLEARED)  # readable, at its end, once the keeper is done
                os.close(reading)

    def site(self, box: Box, *, address: str, port: int | None, spec: Path) -> Sequence[str]:
        uid = self.uid(box.app_id) if box.app_id else None
        hidden = [self.spec(box, site=True, listener=port is not None)]
        launch.write(spec, argv=_argv(ARGS_FD), hidden=hidden, address=address, port=port, uid=uid)
        return launch.command(spec)

    def own(self, folder: Path, app_id: AppId) -> None:
        owning.give(folder, self.uid(app_id))

    def uid(self, app_id: AppId) -> int | None:
        return self.uid_base + app_id.number if self.rung is Rung.UID else None

    def starts(self, program: Path) -> bool:
        return self.rung is not Rung.UID or reachable(program, self.uid_base)

    def kill(self, kill_id: str) -> None:
        killing.kill(kill_id)

    def spec(
        self, box: Box, *, door: Door | None = None, alive: int = -1, site: bool = False, listener: bool = False
    ) -> str:
        """What ``confine.py`` reads. Only the command carries the kill id: its keeper must outlive it to clear up."""
        uid = (self.uid(box.app_id) if box.app_id else self.uid_base) if self.rung is Rung.UID else None
        certificates = [str(door.indexes.certificates)] if door and door.indexes.certificates else []
        base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        variables = door.indexes.variables if door else {}
        of = {
            "argv": box.argv,
            "env": base | variables | dict(box.env) | killing.mark(box.kill_id),
            "cwd": str(box.cwd),
            "uid": uid,
            "read": [*SYSTEM, *map(str, (*box.read, *installed_in(Path(box.argv[0])))), *certificates],
            "writable": [*map(str, box.writable), "/dev/shm"],  # where semaphores are made
            "network": box.network.value,
            "door": str(door.socket) if door else "",
            "password": door.password if door else "",
            "port": 0,
            "limits": self._limits(box),
            "landlock": self.landlock,
            "filter": _filter(box.network).hex() if self.filtered else "",
            "library": str(Path(py_landlock.__file__).parent.parent),
            "alive": alive,
            "listener": listener,
            "parent": 0 if site else os.getpid(),
        }
        return json.dumps(of)

    def _limits(self, box: Box) -> dict[str, int]:
        """Processes are counted per uid, so one that is also ours gets its own on top of what runs already."""
        running = _tasks_of(os.geteuid()) if self.rung is Rung.LIMITS else 0
        reserved = box.limits.reserved
        return ({"RLIMIT_DATA": box.limits.memory} if reserved else {}) | {
            "RLIMIT_AS": box.limits.memory + reserved,
            "RLIMIT_NPROC": box.limits.processes + running,
            "RLIMIT_NOFILE": box.limits.files,
            "RLIMIT_FSIZE": box.limits.file_size,
            "RLIMIT_CORE": 0,
        }


def _argv(fd: int) -> list[str]:
    return [sys.executable, "-I", str(CONFINE), str(fd)]


def _filter(network: Network) -> bytes:
    refused = (*seccomp.NAMESPACES, *seccomp.DANGEROUS)
    return seccomp.program(refused=refused, families=FAMILIES[network], stream_only=network is Network.INDEX)


def _tasks_of(uid: int) -> int:
    """Threads of that user now."""
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == uid:
                    found += sum(1 for _ in (entry / "task").iterdir())
            except OSError:
                continue
    return found
