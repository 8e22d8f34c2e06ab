"""What kind of machine this is, and how busy it is now."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil


def platform_name() -> str:
    """The platform of bundles built here: they run only where this is the same, like ``linux-x86_64-glibc``."""
    libc = platform.libc_ver()[0] or "musl"
    return f"{platform.system().lower()}-{platform.machine()}-{libc}"


def memory_of(pid: int | None) -> int:
    """Bytes of a process and its children, shared ones counted once where the kernel tells (PSS)."""
    if pid is None:
        return 0
    try:
        one = psutil.Process(pid)
        return sum(_pss(p) for p in [one, *one.children(recursive=True)])
    except psutil.Error:
        return 0


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def measure(home: Path) -> Mapping[str, Any]:
    """Load per core, used shares of memory and of the disk that holds ``home`` (0 to 1), bytes free there."""
    disk = psutil.disk_usage(str(home))
    return {
        "load": os.getloadavg()[0] / (os.cpu_count() or 1),
        "memory": psutil.virtual_memory().percent / 100,
        "disk": disk.percent / 100,
        "disk_free": disk.free,
    }
