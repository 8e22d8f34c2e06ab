"""How much git may fetch, and say: its packs are watched while they grow, its answers while they come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dz.errors import UserError


class Cap:
    """Asked while git fetches: whether to stop, since the job stops or too much has come."""

    def __init__(self, folder: Path, most: int, stop: Callable[[], bool] | None) -> None:
        self._folder, self._most, self._stop, self.passed = folder, most, stop, False

    def over(self) -> bool:
        packs = (self._folder / place for place in (".git/objects/pack", "objects/pack"))
        size = sum(_size(one) for folder in packs for one in (folder.iterdir() if folder.is_dir() else ()))
        self.passed = size > self._most
        return self.passed or (self._stop is not None and self._stop())


class Bounded:
    """Given the pieces of an answer. Raises UserError ``repo.too-big`` when it is longer than ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._left = most

    def __call__(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise UserError("repo.too-big", limit="8 MB of names", found="there are more")


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0  # git renames its packs when they are whole
