"""Byte code for an environment: compiled once per source file on a host, then linked into every environment with it.

It is compiled with hashes that are never checked, so that it survives packing and read-only mounts. What is kept is
named by its source's sha256 and was made by us from that source: no project can write there, nor through a link into
its own environment, whose files it may only read. Paths in it are relative to the environment: importing puts the
real one in their place.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from packaging.version import Version

from dz.errors import PlatformError
from dz.run import Caps, run
from dz.tasklib.build.interpreters import Interpreter

# Rarely imported, and a good part of all files: compiled when they are needed, by who needs them.
NOT_COMPILED = frozenset({"setuptools", "pkg_resources", "test", "tests", "testing"})
MANY = 200  # files, from which on all cores compile the whole environment
# A module may be made to cost whoever reads it.
CAPS = Caps(memory=2 * 1024**3, file_size=256 * 1024**2, cpu=300)


class ByteCode:
    """Of the environment ``env``; ``cache`` is this host's, for all projects."""

    def __init__(self, python: Interpreter, env: Path, cache: Path) -> None:
        self._python = python
        self._env = env
        self._cache = cache / str(python.version)
        self._hashed = python.version >= Version("3.7")  # before, byte code names its source's time
        self._new: dict[Path, Path] = {}  # where in the cache → what was compiled

    def compile(self, *, deadline: float, cancelled: Callable[[], bool] | None = None) -> None:
        """Files that are no Python of this version, or that cost too much, are left as they are."""
        missing = list(self._link()) if self._hashed else []
        if self._hashed and not missing:
            return
        listed = self._env / "to-compile"
        if self._hashed and len(missing) < MANY:
            listed.write_text("\n".join(missing))
            what: list[str | Path] = ["-i", listed]
        else:
            what = ["-j", str(os.cpu_count() or 1), "-x", f"/({'|'.join(sorted(NOT_COMPILED))})/", "lib"]
        hashes = ["--invalidation-mode", "unchecked-hash"] if self._hashed else []
        compile_all(self._python.path, *hashes, *what, cwd=self._env, deadline=deadline, cancelled=cancelled)
        listed.unlink(missing_ok=True)

    def keep(self) -> None:
        """What was compiled, for the next environment."""
        for kept, compiled in self._new.items():
            # It was no Python, another build was first, the cache is on another disk, a wheel has a folder there.
            with suppress(OSError):
                kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                kept.hardlink_to(compiled)

    def _link(self) -> Iterator[str]:
        """Link what is kept; the sources, from ``env`` on, whose byte code is still to be made."""
        for folder, names in _source_folders(self._env / "lib", NOT_COMPILED):
            into = folder / "__pycache__"
            brought = _renewed(into)
            for source in (folder / name for name in names):
                if source.is_symlink():
                    continue
                with source.open("rb") as content:
                    digest = hashlib.file_digest(content, "sha256").hexdigest()
                kept = self._cache / digest[:2] / digest
                compiled = into / compiled_name(source, self._python.version)
                try:
                    if compiled.name in brought:
                        compiled.unlink()
                    compiled.hardlink_to(kept)
                except OSError:  # not there, or it has as many links as a file may have
                    self._new[kept] = compiled
                    yield str(source.relative_to(self._env))


def _renewed(folder: Path) -> frozenset[str]:
    """Have a folder of byte code; what a wheel brought of it. None is made where that has a file of its name."""
    try:
        folder.mkdir()
    except FileExistsError:
        with suppress(NotADirectoryError):
            return frozenset(one.name for one in folder.iterdir())
    return frozenset()


def compiled_name(source: Path, python: Version) -> str:
    """As that Python looks for it."""
    return f"{source.stem}.cpython-{python.major}{python.minor}.pyc"


def sources(folder: Path, left_out: Collection[str]) -> Iterator[Path]:
    """Each Python file below, but for folders of these names; no link to a folder is followed, one to a file is
    yielded."""
    for path, names in _source_folders(folder, left_out):
        yield from (path / name for name in names)


def _source_folders(folder: Path, left_out: Collection[str]) -> Iterator[tuple[Path, list[str]]]:
    for path, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if name != "__pycache__" and name not in left_out]
        if names := [name for name in files if name.endswith(".py")]:
            yield Path(path), names


def compile_all(
    python: Path,
    *arguments: str | Path,
    into: Path | None = None,
    cwd: Path,
    deadline: float,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Have that Python's compileall do what these arguments say: it parses, and runs nothing of what it reads.
    ``into``: where all byte code goes, else it goes beside its sources. Raises DeadlinePassed and Cancelled."""
    elsewhere = ["-X", f"pycache_prefix={into}"] if into else []
    argv = [python, "-I", "-S", *elsewhere, "-m", "compileall", "-q", *arguments]
    try:
        run(argv, deadline=deadline, cwd=cwd, cancelled=cancelled, caps=CAPS)
    except FileNotFoundError as error:
        raise PlatformError(f"there is no Python any more at {python}") from error
