"""What strangers can make nginx keep on disk has a bound, and nobody else notices that it has one."""

from __future__ import annotations

import http.client
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from dz.names import AppId, HostName
from dz.seams.proxy import Site, Upstream
from tests.servers import RealNginx, real_nginx, short_folder
from tests.waiting import until

NAME = HostName("shop.localhost")
LARGE, MB = 20_000_000, 1_000_000
PIECE = b"x" * 100_000
ONE = ("127.0.0.1",)
FOUR = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")


@dataclass
class Behind:
    """A site: ``/large`` is 20 MB, ``/open`` a line and no end, all else takes a body and says ok. ``asked`` and
    ``whole``: large answers that were begun, and that nginx took off its hands."""

    port: int
    asked: int = 0
    whole: int = 0

    def answer(self, first: bytes, connection: socket.socket, over: threading.Event) -> None:
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
        if b" /open " in first:
            connection.sendall(head + b"X-Accel-Buffering: no\r\n\r\nfirst line\n")
            over.wait(240)
        elif b" /large " in first:
            self.asked += 1
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % LARGE)
            for _ in range(LARGE // len(PIECE)):
                connection.sendall(PIECE)
            self.whole += 1
        else:
            connection.sendall(head + b"Content-Length: 2\r\n\r\nok")


@contextmanager
def behind() -> Iterator[Behind]:
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as lines:
            first, length = lines.readline(), 0
            while (line := lines.readline().lower()).strip():
                length = int(line.split(b":")[1]) if line.startswith(b"content-length") else length
            while length:
                length -= len(lines.read(min(length, 1 << 16)))
            it.answer(first, connection, over)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        it = Behind(listener.getsockname()[1])
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield it
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def shop() -> Iterator[tuple[RealNginx, Behind]]:
    with behind() as it, real_nginx() as real:
        upstreams = (Upstream(address="127.0.0.1", port=it.port),)
        real.nginx.apply(AppId.of(1), Site(app_id=AppId.of(1), hostnames=(NAME,), upstreams=upstreams, release=1))
        yield real, it


def on_disk(real: RealNginx) -> int:
    """Bytes of the files that nginx has open and no name for."""
    assert real.process is not None
    total = 0
    for worker in psutil.Process(real.process.pid).children():
        for entry in Path(f"/proc/{worker.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                if str(entry.readlink()).endswith("(deleted)"):
                    total += entry.stat().st_blocks * 512
    return total


def open_at(real: RealNginx, stack: ExitStack, first: str, *more: str, of: str = ONE[0]) -> socket.socket:
    """A connection on which this request begins, from ``of``, whose client reads nothing by itself."""
    connection = stack.enter_context(socket.socket())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(60)
    connection.bind((of, 0))
    connection.connect(("127.0.0.1", real.port))
    connection.sendall("\r\n".join([f"{first} HTTP/1.1", f"Host: {NAME}", *more, "", ""]).encode())
    return connection


def refused(connections: list[socket.socket]) -> int:
    """How many have been told that there are too many."""
    readable = select.select(connections, [], [], 0)[0]
    return sum(one.recv(13, socket.MSG_PEEK) == b"HTTP/1.1 429 " for one in readable)


def post(real: RealNginx, size: int, *, chunked: bool = False) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", real.port, timeout=60)
    try:
        body = iter([PIECE[:1000]] * (size // 1000))
        sized = {} if chunked else {"Content-Length": str(size)}
        connection.request("POST", "/", body, {"Host": NAME, **sized}, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, answer.headers["Retry-After"]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("said", "addresses", "places"),
    [
        ("Content-Length: 90000000", ONE, 16),
        ("Content-Length: 90000000", FOUR, 32),
        ("Transfer-Encoding: chunked", FOUR, 32),
        ("Content-Length: 900000", ONE, 64),
    ],
)
def test_unfinished_uploads_have_so_many_places_and_what_is_small_needs_none(
    shop: tuple[RealNginx, Behind], said: str, addresses: tuple[str, ...], places: int
) -> None:
    real, _ = shop
    with ExitStack() as stack:
        uploads = [open_at(real, stack, "POST /", said, of=of) for of in addresses for _ in range(80)]
        until(lambda: refused(uploads) >= len(uploads) - places, what="the others are refused")
        assert post(real, 99_000) == (200, None)
        assert refused(uploads) == len(uploads) - places
        assert post(real, int(said.split()[1]) if said[-1] == "0" else MB, chunked=said[-1] != "0") == (429, "10")
    until(lambda: post(real, 15 * MB) == (200, None), what="places are free again")
    assert post(real, MB, chunked=True) == (200, None)


def test_places_that_a_killed_worker_had_taken_are_free_again_soon(shop: tuple[RealNginx, Behind]) -> None:
    real, _ = shop
    assert real.process is not None
    master = psutil.Process(real.process.pid)
    with ExitStack() as stack:
        uploads = [open_at(real, stack, "POST /", "Content-Length: 90000000") for _ in range(80)]
        until(lambda: refused(uploads) == 64, what="the others are refused")
        dead = master.children()
        for worker in dead:
            worker.kill()
        until(lambda: len(set(master.children()) - set(dead)) == 2, what="nginx has workers again")
    assert post(real, MB, chunked=True) == (429, "10"), "nobody is there, and each place is taken"
    assert real.nginx.free_places()
    until(lambda: post(real, MB, chunked=True) == (200, None), what="places are free again")
    assert not real.nginx.free_places()
    real.nginx.apply(AppId.of(2), None)
    assert not real.nginx.free_places()


def test_slow_readers_of_large_answers_have_so_many_places_and_nobody_is_refused(
    shop: tuple[RealNginx, Behind],
) -> None:
    real, site = shop
    with ExitStack() as stack:
        readers = [open_at(real, stack, "GET /large", "Connection: close") for _ in range(20)]
        until(lambda: site.asked == 20 and site.whole == 4, what="four answers are off the site's hands")
        assert on_disk(real) < 4 * LARGE + 16 * MB
        assert post(real, MB) == (200, None)
        for one in readers:
            with one.makefile("rb") as lines:
                assert len(lines.read().split(b"\r\n\r\n", 1)[1]) == LARGE
    until(lambda: site.whole == 20, what="the site is through")


def test_what_stays_open_by_its_nature_takes_no_place(shop: tuple[RealNginx, Behind]) -> None:
    real, site = shop
    with ExitStack() as stack:
        socket_, stream = ("Connection: Upgrade", "Upgrade: websocket"), ("Accept: text/event-stream",)
        for more in (socket_, stream) * 4:
            connection = open_at(real, stack, "GET /open", *more)
            assert b"first line" in connection.recv(4096)
        open_at(real, stack, "GET /large")
        until(lambda: site.whole == 1, what="the large answer is off the site's hands")


def test_the_panel_takes_so_many_bodies_too() -> None:
    with short_folder() as folder, real_nginx(panel=folder / "panel.sock") as real, ExitStack() as stack:
        more = ("Host: localhost", "Content-Length: 1900000")
        uploads = []
        for _ in range(80):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", real.port)))
            connection.sendall("\r\n".join(["POST / HTTP/1.1", *more, "", ""]).encode())
            uploads.append(connection)
        until(lambda: refused(uploads) == 80 - 64, what="the others are refused")
