"""Byte code for an environment: compiled once per source file on a host, then linked into every environment with it.

It is compiled with hashes that are never checked, so that it survives packing and read-only mounts. What is kept is
named by its source's sha256 and was made by us from that source: no project can write there, nor through a link into
its own environment, whose files it may only read. Paths in it are relative to the environment: importing puts the
real one in their place.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from packaging.version import Version

from dz.errors import PlatformError
from dz.run import Caps, run
from dz.tasklib.build.interpreters import Interpreter

# Rarely imported, and a good part of all files: compiled when they are needed, by who needs them.
NOT_COMPILED = r"/(setuptools|pkg_resources|tests?|testing)/"
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
        """compileall parses, it runs nothing; files that are no Python of this version, or that cost too much, are left
        as they are."""
        missing = list(self._link()) if self._hashed else []
        if self._hashed and not missing:
            return
        listed = self._env / "to-compile"
        if self._hashed and len(missing) < MANY:
            listed.write_text("\n".join(missing))
            what: list[str | Path] = ["-i", listed]
        else:
            what = ["-j", str(os.cpu_count() or 1), "-x", NOT_COMPILED, "lib"]
        hashes = ["--invalidation-mode", "unchecked-hash"] if self._hashed else []
        argv = [self._python.path, "-I", "-S", "-m", "compileall", "-q", *hashes, *what]
        try:
            run(argv, deadline=deadline, cwd=self._env, cancelled=cancelled, caps=CAPS)
        except FileNotFoundError as error:
            raise PlatformError(f"Python {self._python.version} is gone from {self._python.path}") from error
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
        for source in _sources(self._env / "lib"):
            with source.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            kept = self._cache / digest[:2] / digest
            compiled = source.parent / "__pycache__" / compiled_name(source, self._python.version)
            try:
                compiled.parent.mkdir(exist_ok=True)
                compiled.unlink(missing_ok=True)  # a wheel may bring its own
                compiled.hardlink_to(kept)
            except OSError:  # not there, or it has as many links as a file may have
                self._new[kept] = compiled
                yield str(source.relative_to(self._env))


def compiled_name(source: Path, python: Version) -> str:
    """As that Python looks for it."""
    return f"{source.stem}.cpython-{python.major}{python.minor}.pyc"


def _sources(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in files:
            source = Path(path, name)
            if name.endswith(".py") and not re.search(NOT_COMPILED, str(source)) and not source.is_symlink():
                yield source
