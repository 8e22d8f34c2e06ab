"""A short new folder that every uid may pass through, as on a real host: pytest's own are closed to other users."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def passable(prefix: str, *, mode: int = 0o711) -> Iterator[Path]:
    """``mode`` 0o755 lets others list it too. Gone at the end."""
    made = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    made.chmod(mode)
    try:
        yield made
    finally:
        shutil.rmtree(made)
