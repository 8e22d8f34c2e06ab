"""What the hostile cases share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A home that every uid may pass through; short, for the sockets in it."""
    made = Path(tempfile.mkdtemp(prefix="dz-hostile-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)
