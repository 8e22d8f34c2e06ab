"""Byte code of a project's own code, from one release to the next: what stayed the same need not be compiled again.

Each process of a new release, and the proof of its bundle, would compile all that it imports: a second and a half for
165,000 lines. Compiled is beside the deploy, once a release is live, by a Python that parses and runs nothing; what is
kept is named by its source's sha256, so that no project can put something else in its place, and is that project's
alone. A release gets copies, and Python itself looks whether they are still of the source that lies beside them: who
edits a file in a release sees what he wrote.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from dz.names import AppId
from dz.run import DeadlinePassed
from dz.tasklib import unsynced
from dz.tasklib.build.bytecode import compile_all, compiled_name, sources
from dz.tasklib.folders import clear, fresh

MOST = 64 * 1024  # bytes of byte code, beside eight for each of its source: a few lines can be made to become megabytes
OLDEST = Version("3.8")  # that compiles to another folder than the source's
WORTH = range(256, 1024 * 1024)  # bytes of a source; a smaller one is compiled as soon as copied, a larger one is data
NOT_RUN = frozenset({"node_modules", ".git", "test", "tests", "testing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCode:
    """What is kept of that project on this host, whose folder ``home`` is, for that version of Python."""

    home: Path
    app_id: AppId
    python: str

    @property
    def folder(self) -> Path:
        return folder_of(self.home, self.app_id) / self.python

    def seed(self, code: Path) -> None:
        """Lay what is kept beside the sources in ``code``, which is ours yet."""
        if not unsynced.is_whole(self.home, self.folder):
            return
        version = Version(self.python)
        for source, digest in _worth(code):
            compiled = source.parent / "__pycache__" / compiled_name(source, version)
            if compiled.parent.is_symlink():  # was committed so, and leads anywhere
                continue
            with suppress(OSError):  # not kept, or a project has a file where its folder would be
                found = _at(self.folder, digest)
                os.utime(found)  # the month in which nobody needs it begins again
                compiled.parent.mkdir(exist_ok=True)
                compiled.unlink(missing_ok=True)  # what was committed
                shutil.copyfile(found, compiled)

    def keep(self, code: Path, interpreter: Path, *, work: Path, deadline: float, cancelled: Callable[[], bool]) -> int:
        """Compile what is not kept yet of the sources in ``code``, which stays as it is; returns how many were. Files
        that are no Python of this version are left out. ``interpreter``: of that version; ``work``: for what is made
        on the way. Raises Cancelled."""
        unsynced.drop_doubtful(self.home, self.folder)
        missing = {source: digest for source, digest in _worth(code) if not _at(self.folder, digest).exists()}
        version = Version(self.python)
        if not missing or version < OLDEST:
            return 0
        out = fresh(work / "compiled", 0o700)
        try:
            listed = out / "sources"
            listed.write_text("".join(f"{source.relative_to(code)}\n" for source in missing))
            hashes = ("--invalidation-mode", "checked-hash", "-i", listed)
            with suppress(DeadlinePassed):  # the next time begins where this one came to
                compile_all(interpreter, *hashes, into=out, cwd=code, deadline=deadline, cancelled=cancelled)
            with unsynced.making(self.home, self.folder):
                return sum(_take(out, source, _at(self.folder, digest), version) for source, digest in missing.items())
        finally:
            clear(out)


def _take(out: Path, source: Path, kept: Path, python: Version) -> bool:
    """Whether there was byte code of that source, which is kept now."""
    compiled = Path(f"{out}{source.parent}") / compiled_name(source, python)
    if not compiled.is_file() or compiled.stat().st_size > MOST + 8 * source.stat().st_size:
        return False
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    compiled.replace(kept)
    return True


def _at(kept: Path, digest: str) -> Path:
    return kept / digest[:2] / digest


def folder_of(home: Path, app_id: AppId) -> Path:
    """All that is kept of that project on this host."""
    return home / "cache" / "owncode" / app_id


def _worth(code: Path) -> Iterator[tuple[Path, str]]:
    """Each Python file that is worth it, with its sha256; no link is followed. Left out are names that compileall,
    which reads one a line and without blanks around it, would take for others."""
    for source in sources(code, NOT_RUN):
        within = str(source.relative_to(code))
        if not within.isprintable() or within != within.strip():
            continue
        with suppress(OSError), open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as content:  # noqa: PTH123
            status = os.fstat(content.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size in WORTH:
                yield source, hashlib.file_digest(content, "sha256").hexdigest()
