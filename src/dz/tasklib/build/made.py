"""What a build in the sandbox left beside the code: taken out of the project's folder, kept, laid over a checkout.

Nothing here follows a link of the project's: a file is opened where it lies, a link that it made is left behind, and
what is written lies in folders that we made.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Collection, Iterator
from io import BufferedReader
from pathlib import Path, PurePosixPath

from dz.errors import UserError
from dz.tasklib.build import disk
from dz.tasklib.folders import clear

NOT_MADE = {"node_modules", ".git", ".yarn", ".pnpm-store", ".npm", ".cache", ".parcel-cache", ".turbo", "__pycache__"}
MOST = 2 * 1024**3  # bytes
MOST_FILES, DEEPEST = 200_000, 100
# Tailwind searches all that lies around it for the names of its classes, whatever its configuration says.
READS_PYTHON = re.compile(rb"\bpy\b|tailwind")
LOOKED_AT = 4_000_000  # bytes of such a file: it may be as large as a repository, and this is the worker's own memory


def key_of(tree: Path, folders: Collection[str], *more: str) -> str:
    """Of all that a front end may be built from: any file of the repository, since templates are searched for the names
    of styles, too, and what others make may be committed (yarn's patches in .yarn); Python only where the front end's
    configuration or styles say that they read it."""
    every, other = hashlib.sha256(), hashlib.sha256()
    speaks = False
    for name, descriptor in _files(tree, without={".git"}):
        with os.fdopen(descriptor, "rb") as file:
            line = _line(name, file)
            if _configures(name):
                file.seek(0)
                speaks = speaks or READS_PYTHON.search(file.read(LOOKED_AT)) is not None
        every.update(line)
        if not name.endswith(".py"):
            other.update(line)
    chosen = every if speaks else other
    return hashlib.sha256("\0".join((chosen.hexdigest(), *sorted(folders), *more)).encode()).hexdigest()[:32]


def content_of(made: Path) -> str:
    """Names what was made: the same sources may make something else the next time."""
    found = hashlib.sha256()
    for name, descriptor in _files(made, without=()):
        with os.fdopen(descriptor, "rb") as file:
            found.update(_line(name, file))
    return found.hexdigest()[:32]


def _line(name: str, file: BufferedReader) -> bytes:
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{name}\0{digest} {os.fstat(file.fileno()).st_mode & 0o100}\n".encode(errors="surrogateescape")


def taken(source: Path, tree: Path, into: Path, *, served: Collection[str] = ()) -> Path:
    """``into``, with every file below ``source`` that ``tree`` does not have, or has otherwise; of installed packages
    only what lies in the folders ``served``.

    The project's own Python is never among them: it would be laid over that of later commits with the same front end.

    Raises UserError ``build.layer-too-big``."""
    total = number = 0
    for name, descriptor in _files(source, but=served):
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if _same(status, tree / name) or (name.endswith(".py") and os.path.lexists(tree / name)):
                continue
            total, number = total + status.st_size, number + 1
            if total > MOST:
                raise _over(f"at most {MOST // 1024**3} GB")
            if number > MOST_FILES:
                raise _over(f"at most {MOST_FILES} files")
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(file, out)
            target.chmod(0o755 if status.st_mode & 0o111 else 0o644)
    return into


def overlaid(tree: Path, made: Path, into: Path) -> Path:
    """``into``, with the files of both by hard links; of two with one name that of ``made``."""
    clear(into)
    disk.linked(tree, into)
    for name, descriptor in _files(made, without=()):
        os.close(descriptor)
        for parent in reversed(PurePosixPath(name).parents):
            if (into / parent).is_symlink() or (into / parent).is_file():
                (into / parent).unlink()
            (into / parent).mkdir(exist_ok=True)
        clear(into / name)
        os.link(made / name, into / name)
    return into


def _files(root: Path, *, without: Collection[str] = NOT_MADE, but: Collection[str] = ()) -> Iterator[tuple[str, int]]:
    """Every regular file below, in one order: its name from there, and a descriptor to read it. Folders that are called
    as those ``without`` are left out, but for the paths ``but``. Raises UserError ``build.layer-too-big`` where folders
    lie too deep within one another."""
    for folder, folders, files, within in os.fwalk(root, follow_symlinks=False):
        above = os.path.relpath(folder, root)
        wanted = [name for name in folders if _leads(os.path.normpath(f"{above}/{name}"), without, but)]
        folders[:] = sorted(wanted)
        if above.count("/") >= DEEPEST:
            raise _over(f"at most {DEEPEST} folders within one another")
        left_out = not set(without).isdisjoint(above.split("/")) and not any(_is_in(above, one) for one in but)
        for name in () if left_out else sorted(files):
            if not stat.S_ISREG(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode):
                continue
            with contextlib.suppress(PermissionError):  # what it closed even to us
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=within)
                yield os.path.normpath(os.path.join(above, name)), descriptor  # noqa: PTH118


def _leads(path: str, without: Collection[str], but: Collection[str]) -> bool:
    """Whether that folder is not left out, or lies in or around one that is wanted all the same."""
    named = not set(without).isdisjoint(path.split("/"))
    return not named or any(_is_in(path, one) or _is_in(one, path) for one in but)


def _is_in(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def _over(limit: str) -> UserError:
    return UserError("build.layer-too-big", kind="front end's", reason=limit)


def _same(status: os.stat_result, original: Path) -> bool:
    """The sandbox's copy kept the time of what nobody wrote to."""
    try:
        was = original.lstat()
    except OSError:
        return False
    return stat.S_ISREG(was.st_mode) and (was.st_size, was.st_mtime_ns) == (status.st_size, status.st_mtime_ns)


def _configures(name: str) -> bool:
    file = name.rsplit("/", 1)[-1]
    return file == "package.json" or ".config." in file or file.endswith(".css")
