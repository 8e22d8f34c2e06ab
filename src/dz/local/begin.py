"""Starts one service: ends what an earlier start left behind, takes the environment from a 0600 file, becomes it.

Run by supervisord as the service's own user with ``python -I -S``: the standard library only, a few milliseconds. What
is left behind (nginx's workers after their master was killed keep its port) is known by its working directory, which is
the service's own folder; or by the folder's name in its environment, for what goes elsewhere (RabbitMQ's epmd).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time

MARK = "DZ_SERVICE_FOLDER"
PATIENCE = 10.0


def leftovers(folder: str) -> list[int]:
    """The processes of the service with that folder, as far as we may see them."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - no pathlib: start-up time
        if name.isdigit() and int(name) not in (os.getpid(), os.getppid()) and _belongs(name, folder):
            found.append(int(name))
    return found


def _belongs(pid: str, folder: str) -> bool:
    try:
        cwd = os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115
        if cwd == folder or cwd.startswith(f"{folder}/"):
            return True
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            return f"{MARK}={folder}".encode() in file.read().split(b"\0")
    except OSError:
        return False


def end(folder: str) -> int:
    """Kill them, wait until they are gone; how many there were."""
    first = pids = leftovers(folder)
    until = time.monotonic() + PATIENCE
    while pids and time.monotonic() < until:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
        pids = [pid for pid in leftovers(folder) if not _dead(pid)]
    return len(first)


def _dead(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rsplit(b")", 1)[1].split()[0] == b"Z"
    except OSError:
        return True


def main() -> None:
    with open(sys.argv[1]) as file:  # noqa: PTH123
        spec = json.load(file)
    os.umask(spec["umask"])
    end(spec["folder"])
    os.chdir(spec["folder"])
    os.execve(spec["argv"][0], spec["argv"], {**spec["env"], MARK: spec["folder"]})  # noqa: S606


if __name__ == "__main__":
    main()
