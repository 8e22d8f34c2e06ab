"""Room on this host's disk: asked before something large is written, so that nothing is left half-made."""

from __future__ import annotations

import shutil
from pathlib import Path

from dz.errors import UserError


def free(path: Path) -> int:
    """Bytes free for us on the file system that holds ``path`` (or will: its nearest existing parent)."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def require(path: Path, size: int, *, host: str) -> None:
    """Raises UserError ``platform.disk-full`` when fewer than ``size`` bytes are free there."""
    if free(path) < size:
        raise UserError("platform.disk-full", host=host)
