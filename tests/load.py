"""An open-loop stream of requests: sent when they are due, whatever became of the ones before, and never retried.

Every third request is a POST, every fourth goes over one of a few kept connections. An answer is good when it is 200
and whole; the body's first word is counted as the release that answered. A failure says when it was sent and what went
on then (``during``). Beside each answer's milliseconds are those by which its request was sent late: a generator that
was not given its share of the machine makes answers look slow that were not.
"""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

ONE_REQUEST = 60.0


@dataclass
class Counted:
    sent: int = 0
    good: int = 0
    releases: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    took: array[float] = field(default_factory=lambda: array("f"), repr=False)
    late: array[float] = field(default_factory=lambda: array("f"), repr=False)


class OpenLoop:
    """``with OpenLoop("127.0.0.1", port, "x.localhost") as load: ...``, then ``load.counted``."""

    def __init__(
        self,
        address: str,
        port: int,
        host: str,
        *,
        rate: float = 100.0,
        kept: int = 4,
        path: str = "/",
        posts: bool = True,
    ) -> None:
        self.counted = Counted()
        self.during = ""
        self._at = (address, port)
        self._host = host
        self._path = path
        self._posts = posts
        self._every = 1 / rate
        self._kept: list[Kept] = [Kept(address, port) for _ in range(kept)]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> OpenLoop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "the load did not end"

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        began = due = loop.time()
        async with asyncio.TaskGroup() as group:
            while not self._stop.is_set():
                number = self.counted.sent
                self.counted.sent += 1
                group.create_task(self._one(number, f"request {number} at {loop.time() - began:.2f} s"))
                self.counted.late.append(1000 * max(0.0, loop.time() - due))
                due += self._every
                await asyncio.sleep(max(0, due - loop.time()))
        for one in self._kept:
            await one.close()

    async def _one(self, number: int, name: str) -> None:
        name = f"{name} ({self.during})" if self.during else name
        sent = asyncio.get_running_loop().time()
        body = b"x" * 500 if self._posts and number % 3 == 0 else b""
        head = f"{'POST' if body else 'GET'} {self._path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n"
        kept = next((k for k in self._kept if not k.lock.locked()), None) if number % 4 == 0 else None
        try:
            async with asyncio.timeout(ONE_REQUEST):
                if kept is not None:
                    async with kept.lock:
                        status, answer = await kept.ask(head, body)
                else:
                    status, answer = await _once(self._at, head, body)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            self.counted.failed.append(f"{name}, {'kept' if kept else 'new'}: {error!r}")
            return
        if status != 200:
            self.counted.failed.append(f"{name}: {status} {answer[:60]!r}")
            return
        self.counted.took.append(1000 * (asyncio.get_running_loop().time() - sent))
        self.counted.good += 1
        self.counted.releases[answer.split(b" ", 1)[0].decode()] += 1


class Kept:
    """One connection that is used again as long as the server says so: its ``Connection: close`` is obeyed."""

    def __init__(self, address: str, port: int) -> None:
        self._at = (address, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.lock = asyncio.Lock()

    async def ask(self, head: str, body: bytes) -> tuple[int, bytes]:
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._at)
        reader, writer = self._streams
        writer.write(f"{head}Connection: keep-alive\r\n\r\n".encode() + body)
        await writer.drain()
        status, answer, close = await _answer(reader)
        if close:
            await self.close()
        return status, answer

    async def close(self) -> None:
        if self._streams is not None:
            await _close(self._streams[1])
            self._streams = None


async def _once(at: tuple[str, int], head: str, body: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(*at)
    try:
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        status, answer, _ = await _answer(reader)
        return status, answer
    finally:
        await _close(writer)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    lines = head.split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    if fields.get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(fields.get("content-length", "0")))
    return int(lines[0].split(" ")[1]), body, fields.get("connection") == "close"


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
