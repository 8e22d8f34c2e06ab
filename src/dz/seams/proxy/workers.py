"""nginx's own processes: its master, the workers of one configuration, and when an old worker stops to matter.

After a reload an old worker accepts nothing new, closes its idle connections within seconds and ends once its last
request has ended. A stream (a WebSocket, the panel's live log, a push that waits for its deploy) may keep one for
hours, and holds nothing up: its connection to the old version is seen there, by who drains it. What a switch has to
wait for is a visitor whose request has not been passed on yet, such as an upload, and within the first seconds one who
is idle: until then only a worker all of whose visitors are in streams of ours can be told from one that has such.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from dz.errors import PlatformError
from dz.seams.proxy.streams import clients_of, sockets_of
from dz.until import until

# keepalive_min_timeout and a bit: from then on every connection that an old worker keeps is inside a request.
SETTLED = 4.5
EVERY = 0.02
TOLD = 0.5  # most have ended by then; the others' connections are looked at, which costs more


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process; equal only to itself, even if its pid comes again."""

    process: psutil.Process

    def gone(self) -> bool:
        try:
            return not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def matters(self, seconds: float, port: int, sockets: Iterable[Path]) -> bool:
        """Whether, ``seconds`` after the reload, it may still pass a request to a version that is leaving.

        nginx listens on ``port``; ``sockets``: the upstreams that are unix sockets, none of them a site.
        """
        if self.gone():
            return False
        if seconds < TOLD:
            return True
        try:
            table = self.process.net_connections("tcp")
            connections = [c for c in table if c.status == psutil.CONN_ESTABLISHED]
            visitors = sum(c.laddr.port == port for c in connections)
            sites = len(connections) - visitors
            ours = sockets_of(self.process.pid)
            streams = sum(len(clients_of(one) & ours) for one in sockets)
        except psutil.NoSuchProcess:
            return False
        except (psutil.AccessDenied, OSError):
            return not self.gone()
        if seconds < SETTLED:  # a connection to a site may be idle, and so hide a visitor who is
            return sites > 0 or visitors > streams or any(c.status == psutil.CONN_LISTEN for c in table)
        return bool(visitors > sites + streams)


def master_of(pidfile: Path) -> psutil.Process | None:
    """The running master that wrote this pid file; None for a stale one."""
    try:
        process = psutil.Process(int(pidfile.read_text()))
        titled = " ".join(process.cmdline()).startswith("nginx: master process")
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if titled else None


def reload(master: psutil.Process, before: Iterable[Worker], *, within: float) -> set[Worker]:
    """The first workers with the configuration that lies there now; none where nginx ended meanwhile. Raises
    PlatformError where there are none ``within`` so many seconds."""
    new: set[Worker] = set()

    def taken() -> bool:
        new.update(set(workers_of(master)) - set(before))
        return bool(new) or not master.is_running()

    os.kill(master.pid, signal.SIGHUP)
    if not until(taken, within, every=EVERY):
        raise PlatformError(f"nginx did not take the new configuration over within {within:.0f} s")
    return new


def workers_of(master: psutil.Process) -> list[Worker]:
    try:
        return [Worker(child) for child in master.children()]
    except psutil.NoSuchProcess:
        return []
