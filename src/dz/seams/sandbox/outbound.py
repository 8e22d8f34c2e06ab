"""The outbound proxy: the only way from an installing box to the world.

Only with the box's own password; by CONNECT, or as a proxy is asked without TLS (a company's own index). A name of the
operator's package indexes passes whatever its address; any other is resolved once, every answer must be a global
address, and the connection goes to that very address (no second look-up to be fooled by). When the box is over, so is
every connection of it; nobody waits for a look-up that its name server did not answer.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import ipaddress
import os
import secrets
import shutil
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dz.log import get_logger
from dz.seams.sandbox import Box
from dz.seams.sandbox.forward import PASSWORD, USER
from dz.seams.sandbox.indexes import Indexes

HEAD = 8192  # bytes of a request's head
CONNECT = 20.0  # seconds to reach the other side
MOST_KNOWN = 1000  # addresses that are remembered for a box
HOP = frozenset({"proxy-authorization", "proxy-connection", "connection", "keep-alive"})  # said to the proxy alone
PORTS = frozenset({80, 443})
GONE = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)  # the other side went
NAT64 = ipaddress.ip_network("64:ff9b::/96")

log = get_logger()


class Refused(Exception):
    """The words are the status line of the answer."""


@dataclass(frozen=True, slots=True)
class Door:
    """One open proxy for one box: how the box is changed to use it. Whoever knows ``password`` may pass, no other."""

    socket: Path
    indexes: Indexes
    password: str
    known: dict[tuple[str, int], asyncio.Task[str]] = field(default_factory=dict)  # what was asked for → its address

    def inside(self, box: Box) -> Box:
        forward = Path(__file__).with_name("forward.py")
        python = Path("/usr/bin/python3") if Path("/usr/bin/python3").exists() else Path(sys.executable)
        certificates = self.indexes.certificates
        return replace(
            box,
            argv=(str(python), "-I", str(forward), str(self.socket), "--", *box.argv),
            read=(*box.read, self.socket.parent, forward, *([certificates] if certificates else [])),
            env={**self.indexes.variables, **box.env, PASSWORD: self.password},
        )


@dataclass(frozen=True, slots=True)
class Outbound:
    """Makes doors in ``folder`` (short, passable by all uids)."""

    folder: Path
    indexes: Indexes

    @contextmanager
    def opened(self) -> Iterator[Door]:
        """A proxy on a socket of its own for as long as the block runs."""
        here = self.folder / f"out-{secrets.token_hex(8)}"
        here.mkdir(parents=True, mode=0o755)
        here.chmod(0o755)
        door = Door(here / "s", self.indexes, secrets.token_urlsafe(24))
        opened: Future[Callable[[], object]] = Future()
        closed = threading.Event()
        # Not joined: it ends when the last look-up has, and one that a name server lost takes five seconds.
        threading.Thread(target=lambda: asyncio.run(_serve(door, opened, closed)), daemon=True).start()
        try:
            close = opened.result(CONNECT)
            try:
                yield door
            finally:
                close()
                closed.wait(CONNECT)
        finally:
            shutil.rmtree(here, ignore_errors=True)


async def _serve(door: Door, opened: Future[Callable[[], object]], closed: threading.Event) -> None:
    """Until the box is over; what is still connected is then cancelled, and ``_closing`` drops it."""

    held: set[asyncio.Task[None]] = set()  # asyncio itself holds none whose client has said its last word

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        held.add(task)
        try:
            with contextlib.suppress(*GONE, asyncio.CancelledError):
                async with _closing(writer):
                    await _connect(reader, writer, door)
        finally:
            held.discard(task)

    loop, over = asyncio.get_running_loop(), asyncio.Event()
    try:
        server = await asyncio.start_unix_server(handle, path=str(door.socket), limit=HEAD)
    except OSError as error:
        opened.set_exception(error)
        return
    door.socket.chmod(0o666)
    opened.set_result(lambda: loop.call_soon_threadsafe(over.set))
    await over.wait()
    server.close()
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    closed.set()


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Written to its end when all went well; dropped at once when not, since nobody reads it any more."""
    try:
        yield
        writer.close()
        await writer.wait_closed()
    finally:
        writer.transport.abort()


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, door: Door) -> None:
    async with asyncio.timeout(CONNECT):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii", "replace").split("\r\n")
    try:
        host, port, question = _wanted(head)
        if not _knows(door.password, head[1:]):
            raise Refused('407 Whose are you?\r\nProxy-Authenticate: Basic realm="box"')
        there, out = await _reached(host, port, door)
    except Refused as refused:
        await _answer(writer, str(refused))
        return
    async with _closing(out):
        if question:
            out.write(question)
        else:
            await _answer(writer, "200 OK")
        await asyncio.gather(_copy(reader, out), _copy(there, writer))


def _wanted(head: Sequence[str]) -> tuple[str, int, bytes]:
    """Host and port, and what is to be said there first: of a question without TLS that itself, the last of its
    connection, as it is put to a server; of a tunnel nothing. Raises Refused."""
    words = head[0].split(" ")
    method, address = words[:2] if len(words) == 3 else ("", "")
    plain = method in ("GET", "HEAD") and address.lower().startswith("http://")
    place, _, path = address[len("http://") :].partition("/") if plain else (address, "", "")
    host, colon, port = place.rpartition(":")
    if plain and not colon:
        host, port = place, "80"
    if not (plain or method == "CONNECT") or not host or not port.isdecimal() or len(port) > 5:
        raise Refused("405 Only CONNECT, and GET without TLS")
    said = [line for line in head[1:] if line and line.partition(":")[0].strip().lower() not in HOP]
    lines = [f"{method} /{path} HTTP/1.1", *said, "Connection: close", "", ""] if plain else []
    return host.strip("[]"), int(port), "\r\n".join(lines).encode("ascii", "replace")


async def _reached(host: str, port: int, door: Door) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The connection that was asked for, or Refused."""
    try:
        async with asyncio.timeout(CONNECT):
            return await asyncio.open_connection(await _looked_up(host, port, door), port)
    except Refused as refused:
        log.warning("outbound.refused", host=host[:255], port=port, why=str(refused))
        raise
    except (socket.gaierror, UnicodeError):
        raise Refused("502 No such host") from None
    except (OSError, TimeoutError, OverflowError):
        door.known.pop((host, port), None)  # the name may have others
        raise Refused("504 No answer") from None


def _knows(password: str, headers: Sequence[str]) -> bool:
    """Whether one of them is ``Proxy-Authorization`` with the user and password of this box."""
    wanted = b"Basic " + base64.b64encode(f"{USER}:{password}".encode())
    for header in headers:
        name, _, value = header.partition(":")
        if name.strip().lower() == "proxy-authorization":
            return hmac.compare_digest(value.strip().encode(), wanted)
    return False


async def _looked_up(host: str, port: int, door: Door) -> str:
    """As ``allowed``, with one question for all who ask at once, and what was answered is not asked again for this box.
    Installers open twenty connections to one host at once, and of as many questions a name server may lose one."""
    asked = door.known.get((host, port))
    if asked is None or (asked.done() and (asked.cancelled() or asked.exception())):
        asked = asyncio.create_task(allowed(host, port, door.indexes))
        if len(door.known) < MOST_KNOWN:
            door.known[host, port] = asked
    return await asyncio.shield(asked)  # one who gives up takes nothing from the others


async def allowed(host: str, port: int, indexes: Indexes) -> str:
    """The address to connect to. Raises OSError for what does not resolve."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if (host, port) in indexes.hosts:
        return addresses[0]
    if port not in PORTS:
        raise Refused("403 That port is closed to builds")
    for address in addresses:
        if not is_public(address):
            raise Refused("403 That address is not public")
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
