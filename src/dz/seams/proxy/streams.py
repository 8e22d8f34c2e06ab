"""Who holds connections to a unix socket: asked of the kernel by sock_diag, which alone knows both ends."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SOCK_DIAG, _BY_FAMILY, _DUMP, _DONE, _ERROR = 4, 20, 0x301, 3, 2
_SHOW_NAME_AND_PEER, _NAME, _PEER = 1 | 4, 0, 2
_HEADER, _REQUEST, _MESSAGE, _ATTRIBUTE = "=IHHII", "=BBHIIIII", "=BBBBIII", "=HH"
_TIMEOUT = 5.0


def clients_of(path: Path) -> set[int]:
    """The inodes of the sockets that are connected to the server listening on ``path``. Raises OSError."""
    return {peer for name, peer in (_name_and_peer(data) for data in _dump()) if peer and name == os.fsencode(path)}


def sockets_of(pid: int) -> set[int]:
    """The inodes of a process's sockets. Raises OSError if it is gone or somebody else's."""
    found = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # closed since it was listed
            target = os.readlink(entry.path)  # noqa: PTH115 -- not a path: socket:[123]
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    return found


def _dump() -> Iterator[bytes]:
    """Every unix socket of this network namespace, as the kernel's message about it."""
    request = struct.pack(_REQUEST, socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, _SHOW_NAME_AND_PEER, 0, 0)
    header = struct.pack(_HEADER, struct.calcsize(_HEADER) + len(request), _BY_FAMILY, _DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(_TIMEOUT)
        kernel.send(header + request)
        while True:
            for kind, data in _parts(kernel.recv(1 << 18)):
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError("the kernel does not tell of unix sockets")
                yield data


def _parts(piece: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(piece):
        length, kind, *_ = struct.unpack_from(_HEADER, piece, at)
        yield kind, piece[at + struct.calcsize(_HEADER) : at + length]
        at += (length + 3) & ~3


def _name_and_peer(data: bytes) -> tuple[bytes, int]:
    name, peer, at = b"", 0, struct.calcsize(_MESSAGE)
    while at < len(data):
        length, kind = struct.unpack_from(_ATTRIBUTE, data, at)
        value = data[at + 4 : at + length]
        if kind == _NAME:
            name = value.rstrip(b"\0")
        elif kind == _PEER:
            peer = struct.unpack("=I", value)[0]
        at += (length + 3) & ~3
    return name, peer
