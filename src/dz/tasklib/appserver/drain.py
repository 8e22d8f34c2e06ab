"""When an old deployment may be told to stop: once nobody waits in its queue and none of its requests is open.

A TERM resets whatever still waits in the listen queue, so the queue must be empty first; what the process has accepted
it finishes by itself. The launcher binds outside the sandbox, so the host's own ``/proc/net/tcp`` shows the socket: for
a listening one its receive queue is the number of connections that nobody has accepted yet.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dz.until import until

EVERY = 0.1
# One empty look may fall between a client's connect and its next; the second makes sure.
EMPTY_LOOKS = 2
_ESTABLISHED, _LISTEN = 0x01, 0x0A


@dataclass(frozen=True, slots=True)
class Busy:
    """What a port has to do: connections that wait to be accepted, and all that are open (those included)."""

    waiting: int
    open: int


def busy(address: str, port: int) -> Busy:
    """Nothing at all for a port that nobody listens on."""
    wanted = {ipaddress.ip_address(address), ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("::")}
    waiting = open_ = 0
    for local, at, state, queue in _sockets():
        if at != port:
            continue
        if state == _LISTEN and local in wanted:
            waiting += queue
        elif state == _ESTABLISHED and local == ipaddress.ip_address(address):
            open_ += 1
    return Busy(waiting, open_)


def wait_drained(address: str, port: int, *, deadline: float, stop: Callable[[], bool]) -> bool:
    """Wait until the port is idle, ``deadline`` seconds at most or until ``stop``; whether it is."""
    looks = 0

    def idle() -> bool:
        nonlocal looks
        looks = looks + 1 if busy(address, port) == Busy(0, 0) else 0
        return looks >= EMPTY_LOOKS

    until(lambda: idle() or stop(), deadline, every=EVERY)
    return looks >= EMPTY_LOOKS


def _sockets() -> Iterator[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int, int, int]]:
    """Every TCP socket of this host: local address and port, state, receive queue."""
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].partition(":")
            yield _address(address), int(port, 16), int(fields[3], 16), int(fields[4].partition(":")[2], 16)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The kernel prints each 32-bit word of an address in the machine's own byte order."""
    words = [int(text[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), 8)]
    parsed = ipaddress.ip_address(b"".join(words))
    return getattr(parsed, "ipv4_mapped", None) or parsed
