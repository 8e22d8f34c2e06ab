"""How much git may fetch: its packs are watched while they grow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class Cap:
    """Asked while git fetches: whether to stop, since the job stops or too much has come."""

    def __init__(self, folder: Path, most: int, stop: Callable[[], bool] | None) -> None:
        self._folder, self._most, self._stop, self.passed = folder, most, stop, False

    def over(self) -> bool:
        packs = (self._folder / place for place in (".git/objects/pack", "objects/pack"))
        size = sum(_size(one) for folder in packs for one in (folder.iterdir() if folder.is_dir() else ()))
        self.passed = size > self._most
        return self.passed or (self._stop is not None and self._stop())


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0  # git renames its packs when they are whole
