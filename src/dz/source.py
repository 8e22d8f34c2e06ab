"""The platform's own source, and whether what runs on this machine was started from another version of it: between a
``git pull`` and the ``make up`` that follows, what a command expects and what it finds are of two versions."""

from __future__ import annotations

import functools
import hashlib
from contextlib import suppress
from pathlib import Path

import dz

STAMP = "prepared"  # in DZ_HOME: what was prepared, and so runs; the source's digest is its first word


def packages() -> tuple[Path, Path]:
    """The folders of the two packages."""
    own = Path(dz.__file__).parent
    return own, own.with_name("dz2")


@functools.cache
def digest() -> str:
    """Of the platform's own source: what was prepared for another one is prepared again. Read once, as the process is
    of one source for as long as it lives, and dz up asks again and again."""
    whole = hashlib.sha256()
    for package in packages():
        for path in sorted(p for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            whole.update(f"{path.relative_to(package.parent)}\0".encode() + path.read_bytes() + b"\0")
    return whole.hexdigest()


def runs_another(home: Path) -> bool:
    """Whether the platform of that folder was last started from another version of the source."""
    with suppress(OSError, IndexError):
        return (home / STAMP).read_text().split()[0] != digest()
    return False
