"""The rungs ``full`` and ``user``: bubblewrap, with the project's own uid where we are root.

Two orders on ``full`` (measured): A drops to the project's uid first and lets bwrap make a user namespace that can't be
nested; B lets root's bwrap bind what the uid could not reach (an interpreter below a closed home) and drops to the uid
inside. A is taken whenever the uid can start the interpreter. On ``user`` there is one uid, ours.
"""

from __future__ import annotations

import json
import os
import resource
import select
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from dz.names import AppId
from dz.run import Finished, Streams, run
from dz.seams.sandbox import Box, Limits, Network, Rung, killing, launch, owning
from dz.seams.sandbox.interpreter import installed_in, reachable
from dz.seams.sandbox.outbound import Outbound

# Of /etc only what programs need to find names, certificates and the time.
ETC = (
    "ca-certificates", "ssl", "localtime", "nsswitch.conf", "resolv.conf", "hosts", "services", "protocols",
    "mime.types", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "passwd", "group", "fonts",
    "os-release", "debian_version", "lsb-release",  # pip and others ask which system this is
)  # fmt: skip
TMP = 512 * 1024 * 1024  # bytes of a command's own /tmp
ENDED = 10.0  # seconds for the kernel to end all that was in a namespace
ARGS_FD = 9  # where the launcher leaves bwrap's arguments that hold the environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Bwrap:
    """A Sandbox. ``nobody`` is the uid of commands that are no project's (the inspector), as root."""

    program: Path
    rung: Rung
    uid_base: int
    home: Path
    outbound: Outbound
    lacks: str = ""
    drops_first: bool = True  # whether order A was tried and works here
    drops_inside: bool = True  # the same of order B

    def run(self, box: Box, *, deadline: float, **streams: Unpack[Streams]) -> Finished:
        with self.outbound.opened() if box.network is Network.INDEX else nullcontext() as door:
            argv, hidden = self.argv(box, door.inside(box) if door else box)
            told, tell = os.pipe()
            fd = _memfd([*hidden, "--info-fd", str(tell)])
            try:
                return run(
                    [word.replace("ARGS_FD", str(fd)) for word in argv],
                    deadline=deadline,
                    env=killing.mark(box.kill_id),
                    pass_fds=(fd, tell),
                    **streams,
                )
            finally:
                os.close(fd)
                os.close(tell)
                _wait_for_the_end(told)

    def site(self, box: Box, *, address: str, port: int | None, spec: Path) -> Sequence[str]:
        argv, hidden = self.argv(box, box)
        uid = self.uid(box.app_id) if box.app_id else None
        words = [word.replace("ARGS_FD", str(ARGS_FD)) for word in argv]
        launch.write(spec, argv=words, hidden=hidden, address=address, port=port, uid=uid)
        return launch.command(spec)

    def own(self, folder: Path, app_id: AppId) -> None:
        owning.give(folder, self.uid(app_id))

    def uid(self, app_id: AppId) -> int | None:
        return self.uid_base + app_id.number if self.rung is Rung.FULL else None

    def starts(self, program: Path) -> bool:
        return self.rung is not Rung.FULL or self.drops_inside or reachable(program, self.uid_base)

    def kill(self, kill_id: str) -> None:
        killing.kill(kill_id)

    def argv(self, box: Box, inner: Box) -> tuple[list[str], list[str]]:
        """The command, and bwrap's arguments that must not be seen (the environment), to be read from ARGS_FD.

        Never ``--as-pid-1``: bwrap has no capabilities left with which to end, when it dies, a command of another uid;
        its own init, of its own uid, takes the whole namespace along.
        """
        uid = self._runs_as(box)
        first = uid is not None and self._drops_first(inner, uid)
        mounts = [*_system(), *_binds(inner), "--chdir", str(inner.cwd)]
        spaces = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent"]
        if inner.network is not Network.SITE:
            spaces.append("--unshare-net")
        if uid is None or first:
            spaces += ["--unshare-user", "--disable-userns"]
        wrap = [str(self.program), *spaces, "--args", "ARGS_FD", "--"]
        drop = [] if uid is None else dropped(uid)
        limited = limits(inner.limits)
        if first:
            return [*drop, *wrap, *limited, *inner.argv], [*mounts, *_environment(inner)]
        return [*wrap, *drop, *limited, *inner.argv], [*mounts, *_environment(inner)]

    def _drops_first(self, box: Box, uid: int) -> bool:
        """Order A wherever the uid reaches bwrap, the command and all that is bound; only what works here."""
        within = all(reachable(path, uid) for path in (self.program, Path(box.argv[0]), *box.read))
        return self.drops_first and (within or not self.drops_inside)

    def _runs_as(self, box: Box) -> int | None:
        if self.rung is not Rung.FULL:
            return None
        return self.uid(box.app_id) if box.app_id else self.uid_base


def dropped(uid: int) -> list[str]:
    """setpriv: that uid and nothing more, for ever; a change of uid forgets whose death is one's own, so it is told."""
    who = str(uid)
    return [
        "/usr/bin/setpriv", f"--reuid={who}", f"--regid={who}", "--clear-groups", "--no-new-privs",
        "--bounding-set=-all", "--inh-caps=-all", "--pdeathsig=KILL", "--",
    ]  # fmt: skip


def limits(of: Limits) -> list[str]:
    """prlimit: inside, so that the number of processes counts the project's own only."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = of.files if hard == resource.RLIM_INFINITY else min(of.files, hard)
    return [
        "/usr/bin/prlimit", f"--as={of.memory + of.reserved}", *([f"--data={of.memory}"] if of.reserved else []),
        f"--nproc={of.processes}", f"--nofile={files}", f"--fsize={of.file_size}", "--core=0", "--",
    ]  # fmt: skip


def _system() -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64", "lib32"):
        path = Path("/") / name
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            words += ["--ro-bind", str(path), str(path)]
    words += ["--perms", "0755", "--dir", "/etc"]
    for name in ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/tmp", "/dev/shm"):  # the latter holds semaphores: no Celery worker starts without
        words += ["--perms", "1777", "--size", str(TMP), "--tmpfs", folder]
    return words


def _binds(box: Box) -> list[str]:
    """Every path at its own place; parents are made 0755, or the uid could not pass them."""
    read = [*box.read, *installed_in(Path(box.argv[0]))]
    words: list[str] = []
    made: set[Path] = set()
    for path in (*read, *box.writable):
        for parent in reversed(path.parents):
            if parent not in made and parent != Path("/") and not _given(parent):
                words += ["--perms", "0755", "--dir", str(parent)]
            made.add(parent)
    for path in sorted(set(read)):
        if _leads_to(read, path):  # a Python finds what belongs to it from where its link leads
            words += ["--symlink", str(path.readlink()), str(path)]
        elif not _given(path):
            words += ["--ro-bind", str(path), str(path)]
    for path in sorted(set(box.writable)):
        words += ["--bind", str(path), str(path)]
    return words


def _leads_to(read: list[Path], path: Path) -> bool:
    """Whether ``path`` is a link to a file, and what it leads to is bound by itself."""
    if not path.is_symlink() or not path.is_file():
        return False
    target = Path(os.path.normpath(path.parent / path.readlink()))
    return any(target.is_relative_to(one) for one in read if one != path)


def _given(path: Path) -> bool:
    return path.is_relative_to("/usr") or path in (Path("/etc"), Path("/tmp"), Path("/proc"), Path("/dev"))


def _environment(box: Box) -> list[str]:
    base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": "/tmp", "HOME": "/tmp"}
    words = ["--clearenv"]
    for name, value in (base | dict(box.env) | killing.mark(box.kill_id)).items():
        words += ["--setenv", name, value]
    return words


def _wait_for_the_end(told: int) -> None:
    """bwrap gives the exit code on before its namespace is dead: wait for that one's first process, which goes last."""
    with os.fdopen(told, "rb") as file:
        said = file.read()
    if not said:
        return  # it never came as far as a namespace
    try:
        first = os.pidfd_open(json.loads(said)["child-pid"])
    except ProcessLookupError:
        return
    select.select([first], [], [], ENDED)
    os.close(first)


def _memfd(words: Iterable[str]) -> int:
    fd = os.memfd_create("bwrap-args", 0)
    data = launch.joined(list(words))
    while data:
        data = data[os.write(fd, data) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
