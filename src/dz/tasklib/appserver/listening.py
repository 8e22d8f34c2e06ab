"""Whether it is a program of ours that has a port of this host: what a stranger answers there is not its answer."""

from __future__ import annotations

import psutil

from dz.seams.supervisor import Status


def has_port(status: Status | None, address: str, port: int) -> bool:
    """Whether that program, or what it started, listens there."""
    return status is not None and any((address, port) in _listening(one) for one in _tree(status.pid))


def _tree(pid: int | None) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid) if pid is not None else None
        return [first, *first.children(recursive=True)] if first else []
    except psutil.Error:
        return []


def _listening(process: psutil.Process) -> set[tuple[str, int]]:
    try:
        return {tuple(one.laddr) for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    except psutil.Error:  # it has just ended, as a child does that wrote the file anew
        return set()
