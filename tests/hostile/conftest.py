"""What the hostile cases share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.passable import passable


@pytest.fixture
def folder() -> Iterator[Path]:
    """A home that every uid may pass through; short, for the sockets in it."""
    with passable("dz-hostile-") as made:
        yield made
