"""The ports of deployments on one host."""

from __future__ import annotations

import os
import re
import socket

from dz.errors import PlatformError

_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
ANSWER = 0.5  # seconds; on the same host an answer that is let through is there at once


def parse(text: str) -> range:
    """``first-last`` as a range with both ends. Raises PlatformError."""
    match = _RANGE.fullmatch(text)
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1024 <= first <= last <= 65535:
        raise PlatformError(f"not a range of ports like 21000-28999: {text[:40]!r}")
    return range(first, last + 1)


def is_free(address: str, port: int) -> bool:
    """Whether nobody listens there now, and who does would be heard. Told by binding as the launcher does, so TIME_WAIT
    does not count."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError:
            return False
        return os.geteuid() == 0 or _is_heard(probe)


def _is_heard(listener: socket.socket) -> bool:
    """Not where root's platform on this host has the port for a site of its own: its firewall drops what anybody else
    answers there, though that site may not run at all. (Root's sites have uids that root's probe has not.)"""
    with socket.socket(listener.family, socket.SOCK_STREAM) as visitor:
        visitor.settimeout(ANSWER)
        listener.settimeout(ANSWER)
        try:
            visitor.connect(listener.getsockname())
            with listener.accept()[0] as site:
                site.sendall(b"!")  # a flood's answers are let through, and then only words are not
                return visitor.recv(1) == b"!"
        except TimeoutError:
            return False
        except OSError:  # no address to connect to, as it may be one to listen at
            return True
