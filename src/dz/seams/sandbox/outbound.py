"""The outbound proxy: the only way from an installing box to the world.

CONNECT only. A name of the operator's package indexes passes whatever its address; any other is resolved once, every
answer must be a global address, and the connection goes to that very address (no second look-up to be fooled by).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import secrets
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dz.log import get_logger
from dz.seams.sandbox import Box
from dz.seams.sandbox.indexes import Indexes

HEAD = 8192  # bytes of a request's head
CONNECT = 20.0  # seconds to reach the other side
PORTS = frozenset({80, 443})
NAT64 = ipaddress.ip_network("64:ff9b::/96")

log = get_logger()


@dataclass(frozen=True, slots=True)
class Door:
    """One open proxy for one box: how the box is changed to use it."""

    socket: Path
    indexes: Indexes

    def inside(self, box: Box) -> Box:
        forward = Path(__file__).with_name("forward.py")
        python = Path("/usr/bin/python3") if Path("/usr/bin/python3").exists() else Path(sys.executable)
        certificates = self.indexes.certificates
        return replace(
            box,
            argv=(str(python), "-I", str(forward), str(self.socket), "--", *box.argv),
            read=(*box.read, self.socket.parent, forward, *([certificates] if certificates else [])),
            env={**self.indexes.variables, **box.env},
        )


@dataclass(frozen=True, slots=True)
class Outbound:
    """Makes doors in ``folder`` (short, passable by all uids)."""

    folder: Path
    indexes: Indexes

    @contextmanager
    def opened(self, needed: bool) -> Iterator[Door | None]:
        """A proxy on a socket of its own for as long as the block runs; None if it isn't needed."""
        if not needed:
            yield None
            return
        here = self.folder / f"out-{secrets.token_hex(8)}"
        here.mkdir(parents=True, mode=0o755)
        here.chmod(0o755)
        path = here / "s"
        loop = asyncio.new_event_loop()
        started = threading.Event()
        thread = threading.Thread(target=_serve, args=(loop, path, self.indexes, started), daemon=True)
        thread.start()
        started.wait(10)
        try:
            yield Door(path, self.indexes)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            shutil.rmtree(here, ignore_errors=True)


def _serve(loop: asyncio.AbstractEventLoop, path: Path, indexes: Indexes, started: threading.Event) -> None:
    asyncio.set_event_loop(loop)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            await _connect(reader, writer, indexes)
        writer.close()

    server = loop.run_until_complete(asyncio.start_unix_server(handle, path=str(path), limit=HEAD))
    path.chmod(0o666)
    started.set()
    loop.run_forever()
    server.close()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, indexes: Indexes) -> None:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), CONNECT)
    words = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
    host, colon, port = words[1].rpartition(":") if len(words) == 3 else ("", "", "")
    if words[0] != "CONNECT" or not colon or not port.isdigit():
        return await _answer(writer, "405 Only CONNECT")
    host = host.strip("[]")
    try:
        address = await allowed(host, int(port), indexes)
    except PermissionError as refused:
        log.warning("outbound.refused", host=host[:255], port=int(port), why=str(refused))
        return await _answer(writer, f"403 {refused}")
    except OSError:
        return await _answer(writer, "502 no such host")
    try:
        there, out = await asyncio.wait_for(asyncio.open_connection(address, int(port)), CONNECT)
    except (OSError, TimeoutError):
        return await _answer(writer, "504 no answer")
    try:
        await _answer(writer, "200 OK")
        await asyncio.gather(_copy(reader, out), _copy(there, writer))
    finally:
        out.close()


async def allowed(host: str, port: int, indexes: Indexes) -> str:
    """The address to connect to. Raises PermissionError for what is refused, OSError for what does not resolve."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if (host, port) in indexes.hosts:
        return addresses[0]
    if port not in PORTS:
        raise PermissionError("that port is closed to builds")
    for address in addresses:
        if not is_public(address):
            raise PermissionError("that address is not public")
    return addresses[0]


def is_public(address: str) -> bool:
    """Global, also when wrapped in an IPv4-mapped or NAT64 address."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped.is_global
        if ip in NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF).is_global
    return ip.is_global and not ip.is_multicast


async def _answer(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
    await writer.drain()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(65536):
            target.write(piece)
            await target.drain()
    with contextlib.suppress(OSError):
        target.write_eof()


def folder_of(home: Path) -> Path:
    """Where doors are opened: short, since a socket's path ends at 107 bytes."""
    folder = home / "out"
    return folder if len(os.fsencode(folder)) < 60 else Path("/tmp")
