"""Layers: a folder becomes a tar.zst whose bytes depend on its content alone, and back.

Archives are not trusted when they are unpacked: members are checked by us (files, folders, links that stay inside or,
for the interpreter's link of an environment, lead to the system), with caps on count, size and ratio.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import shutil
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from dz.errors import PlatformError, UserError
from dz.names import Digest
from dz.tasklib.folders import clear, fresh
from dz.tasklib.records import Layer

if sys.version_info >= (3, 14):
    from compression.zstd import CompressionParameter, ZstdError, ZstdFile
else:
    from backports.zstd import CompressionParameter, ZstdError, ZstdFile

# Two workers halve the time; the bytes are the same for any number of them.
COMPRESSION: dict[int, int] = {CompressionParameter.compression_level: 3, CompressionParameter.nb_workers: 2}
MOST_MEMBERS = 400_000
MOST_BYTES = 8 * 1024**3
MOST_RATIO = 400  # unpacked bytes per packed byte
INTERPRETER_LINKS = frozenset({"bin/python", "bin/python3"})
VERSION = "1"  # of this layout: part of every key


def key_of(*parts: str) -> str:
    """The key of a layer made from these inputs."""
    return hashlib.sha256("\0".join((VERSION, *parts)).encode()).hexdigest()


def pack(folder: Path, *, kind: str, key: str, into: Path) -> Layer:
    """Write ``into/<digest>.tar.zst``, whole or not at all. ``.git`` is left out."""
    coming = into / f"{kind}-{key[:24]}.coming"
    total = 0
    with (
        ZstdFile(coming, "wb", options=COMPRESSION) as out,
        tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for count, path in enumerate(_walk(folder)):
            total += _add(tar, path, str(path.relative_to(folder)))
            if count > MOST_MEMBERS or total > MOST_BYTES:
                coming.unlink()
                reason = f"at most {MOST_MEMBERS} files and {MOST_BYTES // 1024**3} GB"
                raise UserError("build.layer-too-big", kind=kind, reason=reason)
    with coming.open("rb") as written:
        os.fsync(written.fileno())
        digest = Digest(hashlib.file_digest(written, "sha256").hexdigest())
    coming.rename(into / f"{digest}.tar.zst")
    return Layer(kind=kind, key=key, digest=digest, size=(into / f"{digest}.tar.zst").stat().st_size)


def unpack(archive: Path, into: Path) -> None:
    """Extract beside, then rename; files are read-only afterwards. Raises PlatformError for a hostile member."""
    coming = fresh(into.with_name(f"{into.name}.{os.getpid()}.coming"))
    try:
        packed = archive.stat().st_size
        with ZstdFile(archive, "rb") as source, tarfile.open(fileobj=source, mode="r|") as tar:
            total = 0
            for count, member in enumerate(tar):
                total += member.size
                _check(member, count, total, packed)
                _extract(tar, member, coming)
        for folder, names, _ in os.walk(coming):
            for name in names:
                path = Path(folder) / name
                if not path.is_symlink():
                    path.chmod(0o755)
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


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        if ".git" in folders and Path(parent) == folder:
            folders.remove(".git")
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in sorted((*folders, *files)):
            path = Path(parent) / name
            if path.is_symlink() and not safe_link(str(path.relative_to(folder)), str(path.readlink())):
                continue  # it leads out of the project: nothing there would be what its owner meant
            yield path
        folders[:] = [name for name in folders if name not in links]


def _add(tar: tarfile.TarFile, path: Path, name: str) -> int:
    """Add a file, folder or link, without when, by whom or where it was packed; what is none of these is left out.

    The file is opened without following a link, and its length is that of the open file.
    """
    info = tarfile.TarInfo(name)
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
        tar.addfile(info)
    elif stat.S_ISDIR(status.st_mode):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
    elif stat.S_ISREG(status.st_mode):
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as content:
            info.size = os.fstat(content.fileno()).st_size
            info.mode = 0o755 if status.st_mode & 0o111 else 0o644
            tar.addfile(info, content)
    return info.size


def _check(member: tarfile.TarInfo, count: int, total: int, packed: int) -> None:
    parts = Path(member.name).parts
    if member.name.startswith("/") or ".." in parts or "\0" in member.name or not parts:
        raise PlatformError(f"a layer names a path outside itself: {member.name[:200]!r}")
    if not (member.isreg() or member.isdir() or member.issym()):
        raise PlatformError(f"a layer holds something that is no file: {member.name[:200]!r}")
    if member.issym() and not safe_link(member.name, member.linkname):
        raise PlatformError(f"a layer holds a link that leads out: {member.name[:200]!r}")
    if count > MOST_MEMBERS or total > MOST_BYTES or total > MOST_RATIO * packed + 10_000_000:
        raise PlatformError("a layer is larger than it may be")


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
    path = into / member.name
    if any(parent.is_symlink() for parent in path.parents if parent != into and parent.is_relative_to(into)):
        raise PlatformError(f"a layer writes through a link: {member.name[:200]!r}")
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
    elif member.issym():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(member.linkname)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        source = tar.extractfile(member)
        assert source is not None
        mode = 0o555 if member.mode & 0o111 else 0o444
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            shutil.copyfileobj(source, out, 1024 * 1024)
