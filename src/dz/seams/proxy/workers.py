"""nginx's own processes: its master, the workers of one configuration, and when an old worker stops to matter.

After a reload an old worker accepts nothing new, closes its idle connections within seconds and ends once its last
request has ended. A stream, such as the panel's live log, may keep one for hours. What matters to a switch is only
whether it can still send something to a site.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

# keepalive_min_timeout and some seconds: from then on every connection that an old worker keeps is inside a request.
SETTLED = 6.0


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process; equal only to itself, even if its pid comes again."""

    process: psutil.Process

    def gone(self) -> bool:
        try:
            return not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def matters(self, seconds: float, port: int) -> bool:
        """Whether, ``seconds`` after the reload, it may still have to do with a site; nginx listens on ``port``."""
        if self.gone():
            return False
        if seconds < SETTLED:
            return True
        try:
            return any(c.laddr and c.laddr.port != port for c in self.process.net_connections("tcp"))
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True


def master_of(pidfile: Path) -> psutil.Process | None:
    """The running master that wrote this pid file; None for a stale one."""
    try:
        process = psutil.Process(int(pidfile.read_text()))
        titled = " ".join(process.cmdline()).startswith("nginx: master process")
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if titled else None


def workers_of(master: psutil.Process) -> list[Worker]:
    try:
        return [Worker(child) for child in master.children()]
    except psutil.NoSuchProcess:
        return []
