"""What the lower rungs run: ``python -I confine.py FD``, the command to be confined as JSON in that descriptor.

Three processes, so that nothing outlives its step. This one stands where its starter looks for it and dies with it.
The *keeper*, in a group of its own, adopts whatever the command leaves behind and, once the command or this process is
gone, kills it all. The command gives up everything first: identity, privileges, files, system calls, limits.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import random
import resource
import runpy
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

_PDEATHSIG, _NO_NEW_PRIVS, _SUBREAPER, _CAPBSET_DROP = 1, 38, 36, 24
LISTENER = 3
DOORS = range(29_000, 30_000)  # the ports of doors: each asks for its box's password
CLEARING = 10.0  # seconds in which the keeper must have ended everything


def main(fd: int) -> int:
    with os.fdopen(fd, "rb") as file:
        spec = json.loads(file.read().rstrip(b"\0"))
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if spec["parent"] and os.getppid() != spec["parent"]:
        return 1  # the starter died before we could ask to die with it
    front, group = os.getpid(), os.getpgid(0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGUSR1})
    keeper = os.fork()
    if keeper == 0:
        os._exit(_keep(spec, front, group))
    _close(spec)
    return os.waitstatus_to_exitcode(os.waitpid(keeper, 0)[1])


def _keep(spec: dict[str, Any], front: int, group: int) -> int:
    os.setpgid(0, 0)  # what is sent to the command's group does not reach the keeper
    _prctl(_SUBREAPER, 1)
    _prctl(_PDEATHSIG, signal.SIGUSR1)
    own = Path(tempfile.mkdtemp(prefix="dz-box-", dir="/tmp"))
    if spec["uid"] is not None:
        os.chown(own, spec["uid"], spec["uid"])
    door = _door(spec)
    command = os.fork()
    if command == 0:
        _become(spec, own, group)
    if spec["listener"]:
        os.close(LISTENER)
    if door is not None:
        threading.Thread(target=_forward()["serve"], args=(door, spec["door"]), daemon=True).start()
    try:
        return _await(command, front)
    finally:
        _clear()
        _delete(own)


def _delete(folder: Path) -> None:
    """However deep it is: shutil.rmtree calls itself. What can't be deleted stays, and nobody hears of it."""
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    os.waitpid(os.posix_spawn("/bin/rm", ["rm", "-rf", "--", str(folder)], {}, file_actions=quiet), 0)


def _await(command: int, front: int) -> int:
    """The command's exit code; 137 if the process in front is gone first."""
    while os.getppid() == front:
        signal.sigtimedwait({signal.SIGCHLD, signal.SIGUSR1}, 5)
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == command:
                    code = os.waitstatus_to_exitcode(status)
                    return code if code >= 0 else 128 - code
                if pid == 0:
                    break
    return 137


def _clear() -> None:
    """Kill and collect all that is left; killing a parent hands its children to us, hence again and again."""
    end = time.monotonic() + CLEARING
    while time.monotonic() < end:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return


def _children() -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                    found.append(int(entry.name))
    return found


def _door(spec: dict[str, Any]) -> socket.socket | None:
    """A loopback port to the outbound proxy, served by the keeper: the command itself may make no unix socket."""
    if not spec["door"]:
        return None
    listener = _listening()
    spec["port"] = listener.getsockname()[1]
    spec["env"].update(_forward()["variables"](spec["port"], spec["password"]))
    return listener


def _listening() -> socket.socket:
    """In the ports that the firewall leaves open to projects."""
    for port in random.sample(DOORS, len(DOORS)):
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", port), backlog=64)
    raise OSError(errno.EADDRINUSE, f"no port is free in {DOORS.start}-{DOORS.stop - 1}")


def _forward() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).with_name("forward.py")))


def _become(spec: dict[str, Any], own: Path, group: int) -> None:
    """The command, confined; never returns."""
    try:
        os.setpgid(0, group)  # a stop sent to the whole group must reach it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        os.closerange(LISTENER + bool(spec["listener"]), os.sysconf("SC_OPEN_MAX"))
        confine(spec, own)
        env = {"TMPDIR": str(own), "HOME": str(own), **spec["env"]}
        if spec["listener"]:
            env |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
        os.chdir(spec["cwd"])
        os.execvpe(spec["argv"][0], spec["argv"], env)  # noqa: S606 (no shell is the point)
    except OSError as error:
        os.write(2, f"cannot start {spec['argv'][0]}: {error}\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)
    except BaseException as error:  # noqa: BLE001 (between fork and exec nothing may come back)
        os.write(2, f"cannot confine: {error!r}\n".encode())
        os._exit(126)


def confine(spec: dict[str, Any], own: Path) -> None:
    """Limits, files, identity, system calls: in the order in which each is still allowed and our own files in reach."""
    sys.path.append(spec["library"])
    apply_filter = runpy.run_path(str(Path(__file__).with_name("seccomp.py")))["apply"]
    for name, value in spec["limits"].items():
        hard = resource.getrlimit(getattr(resource, name))[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(getattr(resource, name), (value, value))
    _prctl(_NO_NEW_PRIVS, 1)
    if spec["landlock"]:
        _fence(spec, own)
    if spec["uid"] is not None:
        _drop(spec["uid"])
    _prctl(_PDEATHSIG, signal.SIGKILL)  # a change of identity forgets it
    if spec["filter"]:
        apply_filter(bytes.fromhex(spec["filter"]))


def _drop(uid: int) -> None:
    """That uid and no capability, for ever."""
    libc = ctypes.CDLL(None)
    for capability in range(64):
        libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _fence(spec: dict[str, Any], own: Path) -> None:
    """Landlock: the system, the given folders, the given port; no signal to outside."""
    from py_landlock import AccessFs, Landlock

    reading = AccessFs.READ_FILE | AccessFs.READ_DIR | AccessFs.EXECUTE
    everything = ~AccessFs(0) & ~(AccessFs.MAKE_CHAR | AccessFs.MAKE_BLOCK)
    fence = Landlock(strict=False)
    for names, access in ((spec["read"], reading), ([*spec["writable"], str(own)], everything)):
        for path in filter(os.path.exists, names):
            on_file = AccessFs.READ_FILE | AccessFs.EXECUTE | AccessFs.WRITE_FILE | AccessFs.TRUNCATE
            fence.add_path_rule(path, access=access if Path(path).is_dir() else access & on_file)
    for device in ("null", "zero", "full", "random", "urandom", "tty"):  # tty: the command's own, if it has one
        fence.add_path_rule(f"/dev/{device}", access=AccessFs.READ_FILE | AccessFs.WRITE_FILE)
    if spec["network"] == "site":
        fence.allow_all_network()
    elif spec["port"]:
        fence.allow_network(spec["port"], bind=False, connect=True)
    fence.apply()


def _close(spec: dict[str, Any]) -> None:
    """Only the keeper holds what tells that it still works; nobody but the command holds the listener."""
    if spec["listener"]:
        os.close(LISTENER)
    if spec["alive"] >= 0:
        os.close(spec["alive"])


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, int(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
