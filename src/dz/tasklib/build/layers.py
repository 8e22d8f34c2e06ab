"""Layers: a folder becomes a tar.zst whose bytes depend on its content alone, and back. It may be of several frames.

Archives are not trusted when they are unpacked: members are checked by us (files, folders, links that stay inside or,
for the interpreter's link of an environment, lead to the system), with caps on count, size and ratio.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import sys
import tarfile
from collections.abc import Iterable, Iterator
from functools import partial
from io import BufferedRandom, BufferedWriter, FileIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dz.errors import PlatformError, UserError
from dz.names import Digest
from dz.tasklib.build.frames import Entry, Frames, parts
from dz.tasklib.folders import clear, fresh
from dz.tasklib.records import Layer

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

if sys.version_info >= (3, 14):
    from compression.zstd import CompressionParameter, ZstdError, ZstdFile, zstd_version
else:
    from backports.zstd import CompressionParameter, ZstdError, ZstdFile, zstd_version

# Two workers halve the time; the bytes are the same for any number of them.
COMPRESSION: dict[int, int] = {CompressionParameter.compression_level: 3, CompressionParameter.nb_workers: 2}
BUFFER = 1024 * 1024
AHEAD = 64 * 1024  # bytes that tarfile reads ahead: with each header it copies what is left of them
END = bytes(2 * tarfile.BLOCKSIZE)
MOST_MEMBERS = 400_000
MOST_BYTES = 8 * 1024**3
SLACK = 10_000_000  # unpacked bytes beyond the ratio, for small archives
MOST_RATIO = 400  # unpacked bytes per packed byte
INTERPRETER_LINKS = frozenset({"bin/python", "bin/python3"})
VERSION = "1"  # of this layout: part of every key
PACKED_BY = (
    f"{VERSION}-{COMPRESSION[CompressionParameter.compression_level]}-{zstd_version}"  # all that bytes depend on
)


def key_of(*parts: str) -> str:
    """The key of a layer made from these inputs."""
    return hashlib.sha256("\0".join((VERSION, *parts)).encode()).hexdigest()


def pack(folder: Path, *, kind: str, key: str, into: Path, frames: Frames | None = None) -> Layer:
    """Write ``into/<digest>.tar.zst``, whole or not at all. ``.git`` is left out. ``frames``: of packages that need not
    be packed again."""
    coming = into / f"{kind}-{key[:24]}.coming"
    if folder.is_symlink():
        raise PlatformError(f"the {kind} layer's folder is a link: nothing of a project may be one")
    entries = _bounded(_walk(str(folder), ""), kind)
    try:
        with _Hashed(FileIO(coming, "w+")) as out:
            if frames is None:
                _pack(entries, out)
            else:
                with frames.open():
                    for is_package, part in parts(entries):
                        if is_package:
                            frames.append(out, part, partial(_pack, part))
                        else:
                            _pack(part, out)
            with ZstdFile(out, "wb", options=COMPRESSION) as end:
                end.write(END)
            out.flush()
            os.fsync(out.fileno())
    except UserError:
        coming.unlink()
        raise
    digest = Digest(out.seen.hexdigest())
    coming.rename(into / f"{digest}.tar.zst")
    return Layer(kind=kind, key=key, digest=digest, size=(into / f"{digest}.tar.zst").stat().st_size)


def unpack(
    archive: Path, into: Path, *, ratio: int = MOST_RATIO, most: int = MOST_BYTES, writable: bool = False
) -> None:
    """Extract beside, then rename; files are read-only afterwards unless ``writable``. That it is on the disk is the
    caller's to see to (``unsynced.py``). Raises PlatformError for a hostile member.

    ``ratio``: unpacked bytes per packed one at most; ``most``: unpacked bytes at most."""
    coming = fresh(into.with_name(f"{into.name}.{os.getpid()}.coming"))
    try:
        packed = archive.stat().st_size
        with ZstdFile(archive, "rb") as source, tarfile.open(fileobj=source, mode="r|", bufsize=AHEAD) as tar:
            total, made = 0, {""}
            for count, member in enumerate(tar):
                total += member.size
                _check(member, count, total, min(packed * ratio + SLACK, most))
                _extract(tar, member, coming, made, 0o200 if writable else 0)
        clear(into)
        coming.rename(into)
    except (tarfile.TarError, EOFError, ValueError, FileExistsError, ZstdError) as error:
        raise PlatformError(f"the layer {archive.name} can't be read: {error}") from error
    finally:
        clear(coming)


def safe_link(name: str, target: str) -> bool:
    """Whether a link named ``name`` that leads to ``target`` stays inside the layer."""
    if name in INTERPRETER_LINKS or name.startswith("bin/python3."):
        return True
    where = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return not target.startswith("/") and where != ".." and not where.startswith("../")


class _Hashed(BufferedRandom):
    """A new file, and the sha256 of all that was written: nobody goes back to write."""

    def __init__(self, file: FileIO) -> None:
        super().__init__(file, BUFFER)
        self.seen = hashlib.sha256()

    def write(self, piece: ReadableBuffer, /) -> int:
        self.seen.update(piece)
        return super().write(piece)


def _pack(entries: Iterable[Entry], out: IO[bytes]) -> None:
    """One frame with these entries. It has no end of a tar archive, so that another may follow."""
    with ZstdFile(out, "wb", options=COMPRESSION) as packed, BufferedWriter(packed, BUFFER) as whole:
        tar = tarfile.TarFile(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT)
        for name, entry in entries:
            _add(tar, entry, name)


def _bounded(entries: Iterable[Entry], kind: str) -> Iterator[Entry]:
    """The same, up to what a layer may hold. Raises UserError ``build.layer-too-big``."""
    total = 0
    for count, (name, entry) in enumerate(entries):
        total += entry.stat(follow_symlinks=False).st_size
        if count > MOST_MEMBERS or total > MOST_BYTES:
            reason = f"at most {MOST_MEMBERS} files and {MOST_BYTES // 1024**3} GB"
            raise UserError("build.layer-too-big", kind=kind, reason=reason)
        yield name, entry


def _walk(folder: str, within: str) -> Iterator[Entry]:
    """Everything below, in one order; of links those that stay inside, and no folder behind a link."""
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda one: one.name)
    for entry in entries:
        name = f"{within}{entry.name}"
        if name == ".git" or (entry.is_symlink() and not safe_link(name, os.readlink(entry.path))):  # noqa: PTH115
            continue  # a link that leads out: nothing there would be what its owner meant
        yield name, entry
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{name}/")


def _add(tar: tarfile.TarFile, entry: os.DirEntry[str], name: str) -> None:
    """Add a file, folder or link, without when, by whom or where it was packed; what is none of these is left out.

    A file is opened without following a link, and its length is that of the open file.
    """
    info = tarfile.TarInfo(name)
    if entry.is_symlink():
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(entry.path), 0o777  # noqa: PTH115
        tar.addfile(info)
    elif entry.is_dir(follow_symlinks=False):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
    elif entry.is_file(follow_symlinks=False):
        with os.fdopen(os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as content:
            status = os.fstat(content.fileno())
            info.size, info.mode = status.st_size, 0o755 if status.st_mode & 0o111 else 0o644
            tar.addfile(info, content)


def _check(member: tarfile.TarInfo, count: int, total: int, most: int) -> None:
    parts = member.name.split("/")
    if not all(parts) or ".." in parts or "." in parts or "\0" in member.name:
        raise PlatformError(f"a layer names a path outside itself: {member.name[:200]!r}")
    if not (member.isreg() or member.isdir() or member.issym()):
        raise PlatformError(f"a layer holds something that is no file: {member.name[:200]!r}")
    if member.issym() and not safe_link(member.name, member.linkname):
        raise PlatformError(f"a layer holds a link that leads out: {member.name[:200]!r}")
    if count > MOST_MEMBERS or total > most:
        raise PlatformError("a layer is larger than it may be")


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path, made: set[str], more: int) -> None:
    """``made``: the folders that we made ourselves, so that nothing is ever written through a link; ``more``: rights of
    a file beside reading."""
    if member.isdir():
        _folders(into, member.name, made)
        return
    _folders(into, member.name.rpartition("/")[0], made)
    path = f"{into}/{member.name}"
    if member.issym():
        os.symlink(member.linkname, path)  # noqa: PTH211
        return
    source = tar.extractfile(member)
    assert source is not None
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as out:
        while piece := source.read(BUFFER):
            out.write(piece)
        os.fchmod(descriptor, (0o555 if member.mode & 0o111 else 0o444) | more)


def _folders(into: Path, name: str, made: set[str]) -> None:
    """The folder and its parents; one that is there and not ours is an error."""
    if name in made:
        return
    _folders(into, name.rpartition("/")[0], made)
    path = into / name
    path.mkdir()
    path.chmod(0o755)
    made.add(name)
