"""Plays an appserver in a network of its own and prints what a running site reached, as JSON.

``unshare --net python -m tests.hostile.fenced FOLDER RUNG BASE LAID``, as root. Whatever leaves this network is lost in
its loopback device, so that an address that the firewall lets out never answers and one that it refuses says so at once.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from dz.names import AppId
from dz.run import check
from dz.seams.sandbox import Box, Network, Sandbox
from dz.seams.sandbox.ladder import make
from dz.seams.sandbox.network import Served, ensure_rules, let_own, let_serve, name_servers
from dz.tasklib.appserver.ports import is_free

PYTHON = "/usr/bin/python3"
METADATA, OTHER = "169.254.169.254", "10.77.0.1"
STRANGER, IDLE = 4321, 21000  # a user of no platform of root's, and a port that nobody listens at
SITE = """
import json, socket, sys
targets, port = json.load(sys.stdin)
found = {}
for name, (address, to) in targets.items():
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    client.settimeout(1)
    try:
        client.connect((address, to))
        found[name] = "reached"
    except TimeoutError:
        found[name] = "left"
    except OSError:
        found[name] = "refused"
listener = socket.create_server(("127.0.0.1", port))
print(json.dumps(found), flush=True)
client, _ = listener.accept()
client.sendall(client.recv(10))
"""


def network() -> None:
    ip = "/usr/sbin/ip"
    check([ip, "link", "set", "lo", "up"], deadline=20)
    for address in (METADATA, OTHER):
        check([ip, "address", "add", f"{address}/32", "dev", "lo"], deadline=20)
    check([ip, "route", "add", "default", "dev", "lo"], deadline=20)


@contextmanager
def listening(address: str, port: int, uid: int) -> Iterator[int]:
    """A stand-in of that user's (firewalls go by who made a socket): its port."""
    os.seteuid(uid)
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    os.seteuid(0)
    with client:
        client.bind((address, port))
        client.listen()
        yield int(client.getsockname()[1])


def main(home: Path, rung: str, base: int, laid: bool) -> None:
    network()
    sandbox = make(home=home, forced=rung, uid_base=base)
    ours, neighbour = AppId.of(1), AppId.of(2)
    with ExitStack() as stack:
        up = {
            name: (address, stack.enter_context(listening(address, port, uid)))
            for name, address, port, uid in (
                ("broker", "127.0.0.1", 0, 0),
                ("neighbour", "127.0.0.1", 0, base + neighbour.number),
                ("own_site_by_itself", "127.0.0.1", 0, base + ours.number),
                ("redis", "127.0.0.1", 0, base + ours.number),
                ("neighbour_on_its_port", "127.0.0.1", 0, base + neighbour.number),
                ("root_on_its_port", "127.0.0.1", 0, 0),
                ("neighbour_where_it_is_served", OTHER, 0, base + neighbour.number),
                ("metadata", METADATA, 80, 0),
                ("panel_by_another_address", OTHER, 0, 0),
                ("database", "127.0.0.1", 0, 0),
            )
        }
        with suppress(OSError):  # a machine without IPv6
            up["broker_by_ipv6"] = ("::1", stack.enter_context(listening("::1", 0, 0)))
        up |= {"private": ("10.1.2.3", 443), "public": ("8.8.8.8", 443)}
        for server in name_servers():
            if ":" not in server:
                up["name_server"] = (server, 53)
        fence = ensure_rules(base, allowed=[up["database"]]) if laid else ("shared", "not laid")
        for name in ("redis", "neighbour_on_its_port", "root_on_its_port"):
            let_own(base, base + ours.number, up[name][1])
        served = {name: up[name] for name in ("own_site_by_itself", "neighbour_where_it_is_served")}
        for at in served.values():
            let_serve(base, Served(base + ours.number, *at))
        let_serve(base, Served(base + ours.number, OTHER, IDLE))
        found = json.loads(site(sandbox, ours, up))
        found |= {f"visitor_of_{name}": visited(*at) for name, at in served.items()}
        found["stranger_where_a_site_would_be_served"] = "reached" if free_to(STRANGER, OTHER, IDLE) else "left"
        Path("/proc/sys/net/ipv4/tcp_syncookies").write_text("2")  # of this network: as in a flood
        for name, uid in (("site", base + ours.number), ("neighbour_in_its_place", base + neighbour.number)):
            found[f"visitor_in_a_flood_of_{name}"] = heard(uid, base, Served(base + ours.number, OTHER, 0))
    print(json.dumps([fence, found]))


def free_to(uid: int, address: str, port: int) -> bool:
    """Whether a platform of that user takes the port."""
    os.seteuid(uid)
    try:
        return is_free(address, port)
    finally:
        os.seteuid(0)


def visited(address: str, port: int) -> str:
    """What the proxy would meet there."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return "reached"
    except TimeoutError:
        return "left"


def heard(uid: int, base: int, served: Served) -> str:
    """Whether a visitor of that site has a word of the user who listens there."""
    os.seteuid(uid)
    listener = socket.create_server((served.address, 0))
    os.seteuid(0)
    let_serve(base, served._replace(port=listener.getsockname()[1]))
    try:
        with listener, socket.create_connection(listener.getsockname(), timeout=1) as client:
            os.seteuid(uid)
            told, _ = listener.accept()
            os.seteuid(0)
            with told:
                told.sendall(b"word")
                return "reached" if client.recv(4) else "left"
    except TimeoutError:
        return "left"


def site(sandbox: Sandbox, app_id: AppId, targets: dict[str, tuple[str, int]]) -> str:
    """Runs the site; as soon as it has told its findings, connects to it as nginx does."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    answers: list[bytes] = []

    def visit(_: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            client.sendall(b"visit")
            answers.append(client.recv(10))

    box = Box(argv=(PYTHON, "-I", "-c", SITE), app_id=app_id, cwd=Path("/"), network=Network.SITE)
    told = json.dumps([targets, port]).encode()
    finished = sandbox.run(box, deadline=60, stdin=told, on_output=visit)
    assert finished.ok, finished.text
    assert answers == [b"visit"]
    return finished.text


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "laid")
