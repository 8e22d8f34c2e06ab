"""Reading on in a log that supervisord rotates: the file and its older ones are one run of bytes.

A position is an inode and an offset, so that a file renamed meanwhile is still known. Nothing is kept here: whoever
reads remembers the position that ``Piece.after`` tells.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dz.seams.supervisor import BACKUPS

MOST = 4_000_000  # bytes of one piece


@dataclass(frozen=True, slots=True)
class Position:
    inode: int
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What comes after a position. ``starts``: where in ``data`` each file's bytes begin, and from which position."""

    data: bytes
    starts: tuple[tuple[int, Position], ...]
    written: float  # when the newest of it was, at the latest
    more: bool = False  # there is more than one piece holds
    lost: bool = False  # the position's file is gone: there were bytes that nobody read

    def after(self, consumed: int) -> Position:
        """Where to read on once the first ``consumed`` bytes are done with."""
        begin, at = self.starts[bisect_right([start for start, _ in self.starts], consumed) - 1]
        return Position(at.inode, at.offset + consumed - begin)


def read(path: Path, at: Position | None, most: int = MOST) -> Piece | None:
    """The next piece after ``at``, from the beginning for None; None if there is no such file (any more)."""
    with ExitStack() as stack:
        files = _opened(path, stack)
        if not files:
            return None
        begin = at if at is not None and _is_there(files, at) else Position(next(iter(files)))
        left = list(files)[list(files).index(begin.inode) :]
        parts, starts, length = [], [], 0
        for inode in left:
            file, offset = files[inode], begin.offset if inode == begin.inode else 0
            file.seek(offset)
            starts.append((length, Position(inode, offset)))
            parts.append(file.read(most - length))
            length += len(parts[-1])
            if length >= most:
                break
        written, lost = os.fstat(file.fileno()).st_mtime, at is not None and begin != at
        return Piece(data=b"".join(parts), starts=tuple(starts), written=written, more=length >= most, lost=lost)


def _is_there(files: Mapping[int, BinaryIO], at: Position) -> bool:
    """A shorter file with that inode is another one: the inode of a file that is gone is given again."""
    return at.inode in files and os.fstat(files[at.inode].fileno()).st_size >= at.offset


def files_of(path: Path) -> Iterator[Path]:
    """The file and its older ones, the newest first, there or not."""
    yield path
    for number in range(1, BACKUPS + 1):
        yield path.with_name(f"{path.name}.{number}")


def _opened(path: Path, stack: ExitStack) -> dict[int, BinaryIO]:
    """By inode, the oldest first. Opened from the newest on: a rotation meanwhile shows a file twice, never not."""
    found: dict[int, BinaryIO] = {}
    for one in files_of(path):
        with suppress(FileNotFoundError):
            file = stack.enter_context(one.open("rb"))
            found.setdefault(os.fstat(file.fileno()).st_ino, file)
    return dict(reversed(found.items()))
