"""The outbound proxy: what a build may reach through it, who may use it, and that nothing of it outlives its box."""

from __future__ import annotations

import base64
import gc
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from dz.seams.sandbox.indexes import Indexes
from dz.seams.sandbox.outbound import Door, Outbound
from tests.waiting import until


@pytest.fixture
def index() -> Iterator[socket.socket]:
    """A package index of a company: its address is private, its name configured."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def outbound(tmp_path: Path, index: socket.socket) -> Outbound:
    url = f"http://localhost:{index.getsockname()[1]}/simple"
    return Outbound(tmp_path, Indexes(default=url, extra=(), certificates=None))


def asked(door: Door, target: str, *, password: str | None = None, method: str = "CONNECT") -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(str(door.socket))
    user = base64.b64encode(f"box:{door.password if password is None else password}".encode()).decode()
    client.sendall(f"{method} {target} HTTP/1.1\r\nproxy-authorization: Basic {user}\r\n\r\n".encode())
    return client


def descriptors() -> set[tuple[str, str]]:
    """What this process has open: each number with what it names, since numbers are given again."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the listing's own is closed by now
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
    return found


def answer(client: socket.socket) -> str:
    with client.makefile("rb") as lines:
        return lines.readline().decode().strip()


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:443", "localhost:443", "[::1]:443", "[::ffff:127.0.0.1]:443", "[64:ff9b::7f00:1]:443", "0.0.0.0:80",
        "169.254.169.254:80", "10.0.0.1:443", "100.64.0.1:443", "224.0.0.1:443", "8.8.8.8:5672", "8.8.8.8:22",
    ],
)  # fmt: skip
def test_what_is_not_public_and_what_is_not_the_web_is_refused(outbound: Outbound, target: str) -> None:
    with outbound.opened() as door, closing(asked(door, target)) as client:
        assert answer(client).startswith("HTTP/1.1 403")


def test_a_configured_index_passes_whatever_its_address_and_carries_both_ways(
    outbound: Outbound, index: socket.socket
) -> None:
    port = index.getsockname()[1]
    with outbound.opened() as door, closing(asked(door, f"localhost:{port}")) as client:
        with index.accept()[0] as served:
            assert answer(client) == "HTTP/1.1 200 OK"
            client.sendall(b"GET /simple/")
            assert served.recv(100) == b"GET /simple/"
            sender = threading.Thread(target=served.sendall, args=(bytes(3_000_000),))
            sender.start()
            with client.makefile("rb") as body:
                assert body.read(3_000_000) == bytes(3_000_000)
            sender.join()
        with closing(asked(door, f"127.0.0.1:{port}")) as other:
            assert answer(other).startswith("HTTP/1.1 403")  # the name is let through, not the address


def test_an_index_without_tls_is_asked_as_by_one_who_asks_it_itself(outbound: Outbound, index: socket.socket) -> None:
    address = f"http://localhost:{index.getsockname()[1]}/simple/django/?a=b"
    with outbound.opened() as door, closing(asked(door, address, method="GET")) as client:
        with index.accept()[0] as served, served.makefile("rb") as lines:
            head = list(iter(lines.readline, b"\r\n"))
            served.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        with client.makefile("rb") as answered:
            assert answered.read().endswith(b"\r\n\r\nok")
    assert head == [b"GET /simple/django/?a=b HTTP/1.1\r\n", b"Connection: close\r\n"], "not the box's password"


@pytest.mark.parametrize("address", ["http://127.0.0.1:80/", "http://10.0.0.1/", "http://8.8.8.8:5672/", "http:///x"])
def test_without_tls_no_more_is_in_reach(outbound: Outbound, address: str) -> None:
    with outbound.opened() as door, closing(asked(door, address, method="GET")) as client:
        assert answer(client)[:12] in ("HTTP/1.1 403", "HTTP/1.1 405")


@pytest.mark.parametrize(("password", "method", "status"), [("wrong", "CONNECT", "407"), (None, "GET", "405")])
def test_only_the_box_itself_and_only_connect(
    outbound: Outbound, index: socket.socket, password: str | None, method: str, status: str
) -> None:
    target = f"localhost:{index.getsockname()[1]}"
    with outbound.opened() as door, closing(asked(door, target, password=password, method=method)) as client:
        assert answer(client).startswith(f"HTTP/1.1 {status}")


def test_connections_that_are_still_open_end_with_the_box_and_nothing_leaks(
    outbound: Outbound, index: socket.socket
) -> None:
    before = descriptors()  # some may go yet: the loop of a box before this one ends on its own
    port = index.getsockname()[1]
    with outbound.opened() as door:
        half = socket.socket(socket.AF_UNIX)
        half.connect(str(door.socket))  # has said nothing yet
        client = asked(door, f"localhost:{port}")
        served, _ = index.accept()
        assert answer(client) == "HTTP/1.1 200 OK"
    for one in (half, client, served):
        with closing(one):
            one.settimeout(60)
            assert one.recv(1) == b""
    gc.collect()  # a transport that nobody closed complains here, and a complaint is an error
    assert not list(outbound.folder.iterdir())
    until(lambda: descriptors() <= before, what="no descriptor is left")


def test_nobody_waits_for_a_look_up_that_its_name_server_lost(
    outbound: Outbound, index: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, answered, gave_up, real = threading.Event(), threading.Event(), threading.Event(), socket.getaddrinfo

    def lost(host: str, *rest: object, **more: object) -> object:
        if host == "localhost":
            return real(host, *rest, **more)  # type: ignore[arg-type]
        asking.set()
        if not answered.wait(10):
            gave_up.set()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", lost)
    with outbound.opened() as door, closing(asked(door, "lost.example:443")):
        assert asking.wait(60)
    assert not gave_up.is_set()
    answered.set()
    until(lambda: not [one for one in threading.enumerate() if one.name.startswith("asyncio")], what="its threads end")


def test_a_name_is_looked_up_once_for_a_box_and_again_for_the_next(
    outbound: Outbound, index: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, real = [], socket.getaddrinfo

    def looked(host: str, *rest: object, **more: object) -> object:
        seen.append(host)
        return real(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", looked)
    target = f"localhost:{index.getsockname()[1]}"
    for boxes in (1, 2):
        with outbound.opened() as door:
            for _ in range(3):
                with closing(asked(door, target)) as client:
                    assert answer(client) == "HTTP/1.1 200 OK"
        assert seen == ["localhost"] * boxes


def test_an_address_that_nobody_answered_at_is_not_kept_for_the_next(
    outbound: Outbound, index: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may have several, of which one is down."""
    port, real = index.getsockname()[1], socket.getaddrinfo
    addresses = iter(["127.9.9.9", "127.0.0.1"])  # the index listens at the second

    def looked(host: str, *rest: object, **more: object) -> object:
        return real(next(addresses) if host == "localhost" else host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", looked)
    with outbound.opened() as door:
        for told in ("504 No answer", "200 OK"):
            with closing(asked(door, f"localhost:{port}")) as client:
                assert answer(client) == f"HTTP/1.1 {told}"


def test_who_asks_for_one_name_at_once_asks_once(
    outbound: Outbound, index: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As installers do; one of them that gives up takes nothing from the others."""
    seen, asking, go_on, real = [], threading.Event(), threading.Event(), socket.getaddrinfo

    def looked(host: str, *rest: object, **more: object) -> object:
        seen.append(host)
        asking.set()
        assert go_on.wait(60)
        return real(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", looked)
    with outbound.opened() as door, ExitStack() as open_yet:
        target = f"localhost:{index.getsockname()[1]}"
        first, *others = [open_yet.enter_context(closing(asked(door, target))) for _ in range(20)]
        assert asking.wait(60)
        with closing(asked(door, "127.0.0.3:22")):  # is read after all of those
            until(lambda: len(seen) > 1 and "127.0.0.3" in seen, what="the last of them is looked up")
        first.close()
        go_on.set()
        assert {answer(one) for one in others} == {"HTTP/1.1 200 OK"}
    assert seen.count("localhost") == 1


@pytest.mark.parametrize("port", ["9" * 5000, "99999", "", "-1"])
def test_a_port_that_is_none_is_refused_in_words(outbound: Outbound, port: str) -> None:
    with outbound.opened() as door, closing(asked(door, f"localhost:{port}")) as client:
        assert answer(client).startswith(("HTTP/1.1 405", "HTTP/1.1 504", "HTTP/1.1 403"))
