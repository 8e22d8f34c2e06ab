"""Where the dependencies of one project are worked out: its folders, its Python, and the way to run uv inside.

``work`` is the platform's; below it ``box`` is the project's own (a copy of its code, caches, what it builds) and the
only place where its code or its packages' build scripts write. What comes out of the box is bytes to be checked.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from uv import find_uv_bin

from dz.errors import PlatformError, UserError
from dz.names import AppId
from dz.run import Finished
from dz.seams.sandbox import Box, Limits, Network, Sandbox
from dz.seams.sandbox.indexes import Indexes
from dz.seams.sandbox.interpreter import installed_in
from dz.tasklib.build import disk
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.uvfailure import failure
from dz.tasklib.context import JobLog
from dz.tasklib.folders import Folders, passable, renewed

# Builds of old times, as setuptools says it of them, or Python of one that imports what setuptools has no more: which
# setuptools they need.
OLD_BUILDS = (
    (re.compile(r"use_2to3 is invalid|cannot import name '?convert_path'? from 'setuptools'"), "setuptools<58"),
    (
        re.compile(r"'(?:install|extras)_require(?:s)?' must be a (?:string|dict)|InvalidVersion: "),
        "setuptools<66\nwheel<0.38",
    ),
    (re.compile(r"cannot import name '?Feature'?(?! from '(?!setuptools))"), "setuptools<46"),  # Python 3.6: not whence
)
# uv maps what it reads of an index: for boto3's it takes twice as much address space as memory is allowed.
LIMITS = Limits(reserved=4 * 1024**3)
# uv's own words, where fifty such are read at once and even that is too little.
OUT_OF_MEMORY = re.compile(r"^memory allocation of \d+ bytes failed$", re.MULTILINE)
FEWER_AT_ONCE = {"UV_CONCURRENT_DOWNLOADS": "4"}
# A project's name, which Poetry and older uvs took as it stands; nothing is installed by it.
# Two patterns, each of which stays near where it begins: a build script says what it likes.
UNPARSED = re.compile(r"Failed to parse: `?(\S{0,1000})pyproject\.toml")
MISNAMED = re.compile(r"Not a valid package or extra name: \"(.{0,200}?)\"\.")
UNVERSIONED = "expected version to start with a number"  # PDM begins with an empty one
ANSWER = 16 * 1024 * 1024  # bytes that uv may answer
# What poetry-core answers to who asks what an application of Poetry's needs (``package-mode = false``).
NO_PACKAGE = "Building a package is not possible in non-package mode"


def misnamed(said: str) -> tuple[str | None, str] | None:
    """The name that uv does not take for a package's (None if it is the version), and the folder of the pyproject.toml
    that has it."""
    unparsed = UNPARSED.search(said)
    name = MISNAMED.search(said, unparsed.end()) if unparsed else None
    if unparsed is None or (name is None and UNVERSIONED not in said):
        return None
    return name[1] if name else None, unparsed[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """``home``: this host's folder, ``work``: the project's in it, which is ours."""

    sandbox: Sandbox
    app_id: AppId
    tree: Path
    home: Path
    work: Path
    python: Interpreter
    indexes: Indexes
    log: JobLog
    left: Callable[[float], float]
    stop: Callable[[], bool]
    kill_id: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)  # more variables for uv (UV_EXCLUDE_NEWER)

    @property
    def tools(self) -> Path:
        """Where what other uids run is copied once."""
        return self.home / "tools"

    @property
    def cache(self) -> Path:
        """This host's, in which no project writes."""
        return Folders(self.home).cache

    @property
    def box(self) -> Path:
        return self.work / "box"

    @property
    def source(self) -> Path:
        """The project's writable copy of its code."""
        return self.box / "src"

    @property
    def limits(self) -> Path:
        """What old packages need of their build, and of setuptools at run time: for uv and pip. A project may have put
        anything in its place, so ``bounds`` is what we know it by."""
        return self.box / "build-constraints.txt"

    @property
    def bounds(self) -> str:
        return (self.work / self.limits.name).read_text()

    @property
    def for_old_builds(self) -> bool:
        return self.bounds.strip() in {limit for _, limit in OLD_BUILDS}

    def renew_limits(self) -> None:
        self._limit("setuptools<81\n")  # pkg_resources was in it until then

    def _limit(self, bounds: str) -> None:
        (self.work / self.limits.name).write_text(bounds)
        self.write(self.limits.name, bounds)

    def lay(self) -> None:
        """A fresh box with a copy of the code; the download cache of the time before stays."""
        passable(self.work)
        renewed(self.box, keep="cache")
        disk.copy(self.tree, self.source)
        for name in ("home", "wheels", "cache"):
            (self.box / name).mkdir(exist_ok=True)
        self.renew_limits()
        self.sandbox.own(self.box, self.app_id)

    def write(self, name: str, text: str) -> Path:
        """A file in the box, from us to uv; again it replaces what stood there."""
        path = self.box / name
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        return path

    def inside(self, argv: Sequence[str | Path], *, cwd: Path | None = None) -> tuple[Finished, str]:
        """Run in the sandbox with the package indexes in reach; the answer is stdout alone, then what it complained.

        What is known to help is done, each once, and the command run again: fewer downloads at once, an older
        setuptools, a project's name and version that may be none, a package of what Poetry calls none.
        """
        run = self._run
        finished, said = run(argv, cwd=cwd)
        if not finished.ok and OUT_OF_MEMORY.search(said):
            run = replace(self, settings={**self.settings, **FEWER_AT_ONCE})._run
            finished, said = run(argv, cwd=cwd)
        older = "" if finished.ok else next((limit for pattern, limit in OLD_BUILDS if pattern.search(said)), "")
        if older and self.bounds.strip() != older:
            self.log.note(f"a package's build is of old times: it gets {older.split()[0].replace('<', ' before ')}")
            self._limit(f"{older}\n")
            return run(argv, cwd=cwd)
        if not finished.ok and (found := misnamed(said)):
            self._name(*found, cwd=cwd)
            finished, said = run(argv, cwd=cwd)
        if not finished.ok and NO_PACKAGE in said:
            self._as_package(cwd=cwd)
            return run(argv, cwd=cwd)
        return finished, said

    def _as_package(self, *, cwd: Path | None) -> None:
        """The box's copy of pyproject.toml asks for a package, with what one must have: then it tells its needs."""
        must = {"name": "project", "version": "0"}
        has = [word for word in must if self._run(["grep", "-qE", rf"^{word}\s*=", "pyproject.toml"], cwd=cwd)[0].ok]
        lines = "\\n".join(f'{word} = "{value}"' for word, value in must.items() if word not in has)
        self._run(["sed", "-i", "-E", rf"s/^package-mode\s*=.*/{lines}/", "pyproject.toml"], cwd=cwd)

    def _name(self, name: str | None, folder: str, *, cwd: Path | None) -> None:
        """Another name for the project in the box's copy of its files, and a version for an empty one."""
        what = "gives the project no version" if name is None else f"calls the project {name!r}, no name of a package"
        self.log.note(f"pyproject.toml {what}: that is passed over")
        quoted = re.sub(r"[^A-Za-z0-9]+", "[^\"']*", name or "")
        script = f's/^(name[[:space:]]*=[[:space:]]*)["\']{quoted}["\']/\\1"project"/;'
        script += 's/^(version[[:space:]]*=[[:space:]]*)(""|\'\')/\\1"0"/'
        for file in ("pyproject.toml", "uv.lock"):
            self._run(["sed", "-i", "-E", script, "--", f"{folder}{file}"], cwd=cwd)

    def _run(self, argv: Sequence[str | Path], *, cwd: Path | None) -> tuple[Finished, str]:
        complaints = bytearray()

        def complain(piece: bytes) -> None:
            complaints.extend(piece[: max(0, 256 * 1024 - len(complaints))])
            self.log.output(piece)

        certificates = self.indexes.certificates
        finished = self.sandbox.run(
            Box(
                argv=tuple(str(word) for word in argv),
                app_id=self.app_id,
                cwd=cwd or self.source,
                read=(self.tools, *installed_in(self.python.path), *([certificates] if certificates else [])),
                writable=(self.box,),
                env=self._environment(),
                network=Network.INDEX,
                limits=LIMITS,
                kill_id=self.kill_id,
            ),
            deadline=self.left(900),
            cancelled=self.stop,
            keep=ANSWER,
            stderr_to=complain,
        )
        return finished, complaints.decode(errors="replace")

    def failure(self, said: str) -> UserError | PlatformError:
        """What a command that failed inside complained of, in the user's own paths."""
        hosts = [name for name, _ in self.indexes.hosts]
        return failure(said.replace(f"{self.source}/", ""), python=str(self.python.version), indexes=hosts)

    def _environment(self) -> dict[str, str]:
        index = {
            "PIP_INDEX_URL": self.indexes.default,
            "PIP_EXTRA_INDEX_URL": " ".join(self.indexes.extra),
            "PIP_TRUSTED_HOST": " ".join(self.indexes.without_tls),
        }
        pip = {
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_CONSTRAINT": str(self.limits),
            "PIP_BUILD_CONSTRAINT": str(self.limits),
        }
        certificates = {"PIP_CERT": str(self.indexes.certificates)} if self.indexes.certificates else {}
        return {
            **self.indexes.variables,
            **{name: value for name, value in index.items() if value},
            **pip,
            **certificates,
            "UV_CACHE_DIR": str(self.box / "cache"),
            "UV_BUILD_CONSTRAINT": str(self.limits),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
            "UV_LINK_MODE": "copy",
            "HOME": str(self.box / "home"),
            # Extensions of Python before 3.8 are linked with it, and it may have been moved since it was built.
            "LIBRARY_PATH": str(self.python.path.resolve().parent.parent / "lib"),
            **self.settings,
        }

    def uv(self) -> Path:
        """uv, copied once per version to where any uid can start it."""
        source = Path(find_uv_bin())
        target = self.tools / f"uv-{source.stat().st_mtime_ns}"
        if not target.exists():
            self.tools.mkdir(parents=True, exist_ok=True)
            self.tools.chmod(0o755)
            coming = target.with_name(f"{target.name}.{os.getpid()}")
            shutil.copyfile(source, coming)
            coming.chmod(0o755)
            coming.replace(target)
        return target

    def take(self, folder: str, *, at_most: int) -> dict[str, Path]:
        """The regular files in a folder of the box by name. Raises PlatformError for links or too much of it."""
        found: dict[str, Path] = {}
        total = 0
        root = self.box / folder
        if root.is_symlink():
            raise PlatformError(f"{folder} became a link")
        for entry in sorted(os.scandir(root), key=lambda one: one.name):
            status = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):
                raise PlatformError(f"{folder} holds something that is not a file")
            total += status.st_size
            found[entry.name] = Path(entry.path)
        if total > at_most:
            raise PlatformError(f"{folder} is larger than {at_most / 1e6:.0f} MB")
        return found
