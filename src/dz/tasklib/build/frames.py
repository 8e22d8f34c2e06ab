"""Packages that were packed before: each is a zstd frame of its own in its layer, and is kept on this host.

Two environments share nearly all their packages, as hard links to the same files. To read, name and compress a hundred
megabytes again takes a second and a half of CPU; a frame that is kept is appended as it is. What is kept is found by
its files' names and inodes: they are ours, and nobody writes into one that is there.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import IO

from dz.tasklib import unsynced

Entry = tuple[str, os.DirEntry[str]]  # its name in the layer
DIGEST = 32  # bytes at a kept frame's end
WORTH = 64 * 1024  # bytes of a package that is kept; smaller ones are packed together with what lies between them
_PACKAGE = re.compile(
    r"(lib/python[^/]+/site-packages/[^/]+)(?<!\.dist-info)(?:/|\Z)"
)  # the installer writes those anew


class Frames:
    """Those of this host, in ``folder``, which lies in ``home``."""

    def __init__(self, home: Path, folder: Path) -> None:
        self._home = home
        self._folder = folder

    @contextmanager
    def open(self) -> Iterator[None]:
        """Around what uses them: what an earlier boot did not write to the disk is not taken."""
        unsynced.drop_doubtful(self._home, self._folder)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with unsynced.making(self._home, self._folder):
            yield

    def append(self, out: IO[bytes], package: Sequence[Entry], make: Callable[[IO[bytes]], None]) -> None:
        """The package's frame: the kept one, or what ``make`` writes, which is kept where that can be."""
        kept, begin = self._folder / _key(package), out.tell()
        if _copy(kept, out):
            return
        make(out)
        with suppress(OSError):  # a full disk, say: the layer is there
            self._keep(kept, out, begin)

    def _keep(self, kept: Path, out: IO[bytes], begin: int) -> None:
        end = out.tell()
        out.seek(begin)
        frame = out.read(end - begin)
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as coming:
            try:
                coming.write(frame + hashlib.sha256(frame).digest())
                coming.flush()
                Path(coming.name).rename(kept)
            except BaseException:
                Path(coming.name).unlink(missing_ok=True)
                raise


def _copy(kept: Path, out: IO[bytes]) -> bool:
    """Whether it is there, and is what was kept; else nothing is written."""
    try:
        frame = kept.read_bytes()
        os.utime(kept)  # the month in which it is not needed begins again
    except OSError:
        return False
    body, digest = frame[:-DIGEST], frame[-DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        return False
    out.write(body)
    return True


def parts(entries: Iterable[Entry]) -> Iterator[tuple[bool, list[Entry]]]:
    """The entries in their order and in groups, each with whether it is a package that is worth to be kept."""
    between: list[Entry] = []
    for package, grouped in groupby(entries, lambda entry: _package_of(entry[0])):
        group = list(grouped)
        if not package or sum(_size(entry) for _, entry in group) < WORTH:
            between += group
            continue
        if between:
            yield False, between
            between = []
        yield True, group
    if between:
        yield False, between


def _package_of(name: str) -> str:
    found = _PACKAGE.match(name)
    return found.group(1) if found else ""


def _size(entry: os.DirEntry[str]) -> int:
    return entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else 0


def _key(package: Sequence[Entry]) -> str:
    """Of the very same files under the same names. What packs them names the folder."""
    seen = hashlib.sha256()
    for name, entry in package:
        status = entry.stat(follow_symlinks=False)
        link = os.readlink(entry.path) if entry.is_symlink() else ""  # noqa: PTH115
        is_file = entry.is_file(follow_symlinks=False)
        same = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) if is_file else ()
        seen.update(repr((name, status.st_mode, link, same)).encode(errors="surrogateescape"))
    return seen.hexdigest()
