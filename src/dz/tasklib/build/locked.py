"""What is installed, exactly: names, versions and hashes, and what has to be built for it first.

uv answers with a pylock.toml (PEP 751), which ``packaging.pylock`` checks and selects from for the project's Python;
what goes on from here is written by us as ``name==version --hash=...`` and nothing else.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from packaging import pylock, tags
from packaging.markers import Environment
from packaging.utils import canonicalize_name
from packaging.version import Version

from dz.errors import UserError
from dz.tasklib.build.interpreters import Interpreter

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Requirement:
    """One distribution to install from wheels with one of these sha256 hashes. Checked: it can't be an option."""

    name: str
    version: str
    hashes: tuple[str, ...]

    def __post_init__(self) -> None:
        if canonicalize_name(self.name, validate=True) != self.name or not self.hashes:
            raise ValueError(f"not a requirement: {self.name!r}")
        if str(Version(self.version)) != self.version or not all(_HASH.fullmatch(one) for one in self.hashes):
            raise ValueError(f"not a locked version of {self.name}: {self.version!r}")

    def line(self) -> str:
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{one}" for one in self.hashes)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that has no wheel for this Python: built inside. ``pip`` is what pip is told."""

    name: str
    version: str  # "" when only building tells
    pip: tuple[str, ...]
    hashed: bool

    @property
    def local(self) -> bool:
        """Whether it is a folder or file of the repository itself."""
        return self.pip[0].startswith("./")


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """``project``: its own dependencies; ``platform``: what we add; ``built``: names whose wheels were built here;
    ``left_out``: names that could not be, each with the library that this host lacks; ``python``: the version that it
    is for, "" for the one that was chosen before."""

    project: tuple[Requirement, ...]
    platform: tuple[Requirement, ...]
    built: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    python: str = ""

    def __len__(self) -> int:
        return len(self.project) + len(self.platform)

    def version(self, name: str) -> str:
        """The locked version of a distribution, '' without it."""
        return next((one.version for one in (*self.project, *self.platform) if one.name == name), "")

    def text(self) -> str:
        """The list for the installer, in one order."""
        return "".join(f"{one.line()}\n" for one in sorted((*self.project, *self.platform)))

    def json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Locked:
        value = json.loads(text)

        def many(key: str) -> tuple[Requirement, ...]:
            return tuple(
                Requirement(name=one["name"], version=one["version"], hashes=tuple(one["hashes"])) for one in value[key]
            )

        lacking = tuple((str(name), str(library)) for name, library in value.get("left_out", ()))
        return cls(
            project=many("project"),
            platform=many("platform"),
            built=tuple(value["built"]),
            left_out=lacking,
            python=value.get("python", ""),
        )


def read(answer: bytes, python: Interpreter) -> tuple[list[Requirement], list[Source]]:
    """What a pylock.toml selects for that Python on this machine. Raises UserError if it is for another Python."""
    try:
        value = tomllib.loads(answer.decode())
        old = _old_archives(value)
        lock = pylock.Pylock.from_dict(value)
        _refuse_another_python(lock, python)
        chosen = list(lock.select(environment=environment(python), tags=wheel_tags(python)))
    except pylock.PylockSelectError as error:
        raise UserError("build.requirements-conflict", reason=str(error)[:400]) from None
    ready, sources = [], []
    for package, source in chosen:
        name, version = canonicalize_name(package.name), str(package.version or "")
        if name in old:
            sources.append(Source(name=name, version=version, pip=(f"{name}=={version} {old[name]}",), hashed=True))
        elif isinstance(source, pylock.PackageWheel):
            hashes = {str(wheel.hashes["sha256"]) for wheel in package.wheels or () if "sha256" in wheel.hashes}
            ready.append(Requirement(name=name, version=version, hashes=tuple(sorted(hashes))))
        else:
            sources.append(_source(name, version, source))
    return ready, sources


def _old_archives(lock: dict[str, Any]) -> dict[str, str]:
    """``lock`` loses archives that PEP 625 has no more; names of packages that have nothing else, with its hash: their
    wheel lies in the box, and only told what the release is (oldreleases.py)."""
    found: dict[str, str] = {}
    for package in lock.get("packages", ()):
        if str(package.get("sdist", {}).get("url", "")).endswith(".bz2"):
            digest = str(package.pop("sdist").get("hashes", {}).get("sha256", ""))
            here = all(str(wheel.get("url", "")).startswith("file:") for wheel in package.get("wheels", ()))
            if here and _HASH.fullmatch(digest):
                found[canonicalize_name(package["name"])] = f"--hash=sha256:{digest}"
    return found


def _refuse_another_python(lock: pylock.Pylock, python: Interpreter) -> None:
    wanted = lock.requires_python
    if wanted and not wanted.contains(str(python.version)):
        needs = f"the lock file is for Python {wanted}"
        raise UserError("python.none-fits", needs=needs, here=python.version, pythons=str(wanted))


def environment(python: Interpreter) -> Environment:
    """The markers that depend on the interpreter; the others are this machine's."""
    full = str(python.version)
    return Environment(  # type: ignore[typeddict-item,no-any-return]
        python_version=str(python.series), python_full_version=full, implementation_version=full
    )


def wheel_tags(python: Interpreter) -> Sequence[tags.Tag]:
    version = (python.version.major, python.version.minor)
    interpreter = f"cp{version[0]}{version[1]}"
    return [
        *tags.cpython_tags(python_version=version),
        *tags.compatible_tags(python_version=version, interpreter=interpreter),
    ]


def constraints(requirements: Iterable[Requirement], sources: Iterable[Source]) -> str:
    """What the platform's additions must live with."""
    pins = [(one.name, one.version) for one in requirements] + [(one.name, one.version) for one in sources]
    return "".join(f"{name}=={version}\n" for name, version in sorted(pins) if version)


def _source(name: str, version: str, source: object) -> Source:
    if isinstance(source, pylock.PackageSdist):
        words: tuple[str, ...] = (f"{name}=={version} --hash=sha256:{source.hashes['sha256']}",)
        return Source(name=name, version=version, pip=words, hashed=True)
    if isinstance(source, pylock.PackageVcs):
        folder = f"#subdirectory={source.subdirectory}" if source.subdirectory else ""
        where = source.url or source.path
        return Source(
            name=name,
            version=version,
            pip=(f"{name} @ {source.type}+{where}@{source.commit_id}{folder}",),
            hashed=False,
        )
    if isinstance(source, pylock.PackageDirectory):
        inner = f"/{source.subdirectory}" if source.subdirectory else ""
        return Source(name=name, version=version, pip=(f"./{source.path}{inner}",), hashed=False)
    assert isinstance(source, pylock.PackageArchive)
    where = source.url or f"./{source.path}"
    return Source(name=name, version=version, pip=(f"{name} @ {where}" if source.url else where,), hashed=False)
