"""The launcher of a running site, started by the supervisor: ``python launch.py SPEC``.

Where there is a port, it binds and listens outside (under the project's uid, since firewall rules go by who made a
socket) and hands the socket in as fd 3. It ignores SIGTERM (the supervisor signals the whole group, and the server
inside must finish its requests) and becomes the sandbox. A busy port ends it with 98 at once. Standard library only: it
starts in some 20 ms.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

LISTEN, ARGS = 3, 9
BACKLOG = 2048
PORT_BUSY = 98
ORPHAN = 97
_PR_SET_PDEATHSIG = 1


def write(
    spec: Path,
    *,
    argv: Sequence[str],
    hidden: Sequence[str],
    address: str,
    port: int | None,
    uid: int | None,
    env: Mapping[str, str] | None = None,
) -> None:
    """The start spec, 0600: it holds the environment, in ``hidden`` or, where nothing is between, in ``env``."""
    joined(hidden)  # refused here, where somebody is told
    content: dict[str, object] = {"argv": list(argv), "hidden": list(hidden), "env": dict(env or {})}
    content |= {"address": address, "port": port, "uid": uid}
    spec.parent.mkdir(parents=True, exist_ok=True)
    coming = spec.with_name(f"{spec.name}.coming")
    coming.unlink(missing_ok=True)
    with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(content, out)
        out.flush()
        os.fsync(out.fileno())
    coming.rename(spec)


def joined(words: Sequence[str]) -> bytes:
    """bwrap's arguments as ``--args`` reads them. A NUL inside one would make two, of the project's choosing.

    Raises ValueError for it.
    """
    if any("\0" in word for word in words):
        raise ValueError("a NUL in an argument of the sandbox")
    return b"".join(word.encode() + b"\0" for word in words)


def command(spec: Path) -> list[str]:
    return [sys.executable, "-I", str(Path(__file__).resolve()), str(spec)]


def main(spec: str) -> None:
    start = json.loads(Path(spec).read_text())
    if start["port"] is not None:
        listener = _listen(start["address"], start["port"], start["uid"])
        os.dup2(listener.fileno(), LISTEN)
        os.set_inheritable(LISTEN, True)  # dup2 onto itself would leave it to be closed
    hidden = os.memfd_create("bwrap-args", 0)
    os.write(hidden, joined(start["hidden"]))
    os.lseek(hidden, 0, os.SEEK_SET)
    os.dup2(hidden, ARGS)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Dies with the supervisor. Said last: the kernel forgets it when the uid changes, which listening needs.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getsid(os.getppid()) != os.getsid(0):
        sys.exit(ORPHAN)  # it died before that was said, and who adopts orphans is of another session
    os.execve(start["argv"][0], start["argv"], start["env"])  # noqa: S606 (no shell is the point)


def _listen(address: str, port: int, uid: int | None) -> socket.socket:
    if uid is not None:
        os.setegid(uid)
        os.seteuid(uid)
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    if uid is not None:
        os.seteuid(os.getuid())
        os.setegid(os.getgid())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {address}:{port}: {error}\n")
        sys.exit(PORT_BUSY)
    return listener


if __name__ == "__main__":
    main(sys.argv[1])
