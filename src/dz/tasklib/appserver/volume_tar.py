"""``python -m dz.tasklib.appserver.volume_tar FOLDER MOST``: a project's volume as tar.zst on standard output, if
it has at most so many bytes.

Runs in the sandbox under the project's own uid, because the project may change its files while they are read: what a
link planted meanwhile leads to is closed to that uid as well. A file that shrinks is filled up with zeros, one that
goes is left out, and so is what is neither file, folder nor a link that stays inside. What is there and closed even to
the project is left out, too, and named on standard error, one a line.
"""

from __future__ import annotations

import errno
import os
import sys
import tarfile
from collections.abc import Iterator
from typing import IO

from dz.tasklib.build.layers import BUFFER, MOST_MEMBERS, safe_link

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile

FAST = 1  # the level: media are mostly packed already
TOO_BIG = 3  # the exit code for more than a restore would take
GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}  # since it was listed, or something else by now
CLOSED = {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG}


class _Padded:
    """As many bytes as the file had when it was opened, whatever becomes of it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int) -> bytes:
        return self._source.read(size).ljust(size, b"\0")


def main() -> int:
    total, most = 0, int(sys.argv[2])
    with (
        ZstdFile(sys.stdout.buffer, "wb", level=FAST) as out,
        tarfile.open(fileobj=out, mode="w|", bufsize=BUFFER, format=tarfile.PAX_FORMAT) as tar,
    ):
        for count, (name, entry) in enumerate(_walk(sys.argv[1], "")):
            total += _add(tar, name, entry)
            if count >= MOST_MEMBERS or total > most:
                return TOO_BIG
    return 0


def _walk(folder: str, within: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below, no folder behind a link."""
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda one: one.name)
    except OSError as error:
        return _left_out(within, error)
    for entry in entries:
        yield f"{within}{entry.name}", entry
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{within}{entry.name}/")


def _add(tar: tarfile.TarFile, name: str, entry: os.DirEntry[str]) -> int:
    """What can't be opened is left out (see ``_left_out``); what can't be read then ends it all, for half of a file's
    bytes would shift everything after them."""
    info = tarfile.TarInfo(name)
    if entry.is_dir(follow_symlinks=False):
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
        return 0
    try:
        if entry.is_symlink():
            info.type, info.linkname = tarfile.SYMTYPE, os.readlink(entry.path)  # noqa: PTH115
            fd = -1
        elif entry.is_file(follow_symlinks=False):
            fd = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        else:
            return 0
    except OSError as error:
        _left_out(name, error)
        return 0
    if fd < 0:
        if safe_link(name, info.linkname):
            tar.addfile(info)
        return 0
    with os.fdopen(fd, "rb") as content:
        status = os.fstat(fd)
        info.size, info.mode = status.st_size, 0o755 if status.st_mode & 0o111 else 0o644
        tar.addfile(info, _Padded(content))  # type: ignore[arg-type]
    return info.size


def _left_out(name: str, error: OSError) -> None:
    """Said, unless it is not there any more. Raises the error where neither is so: a disk that fails is no reason."""
    if error.errno in CLOSED:
        sys.stderr.write(f"{name!a}\n")
    elif error.errno not in GONE:
        raise error


if __name__ == "__main__":
    sys.exit(main())
