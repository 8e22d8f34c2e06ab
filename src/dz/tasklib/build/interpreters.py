"""Which Python a project gets: the interpreters of this host, and the choice among them with its reason.

Promise: every interpreter told here was run once and said its own version (remembered by file, size and mtime, since a
cold look takes seconds); virtual environments, prereleases and free-threaded builds are left out. A choice that is not
what was declared is never silent: ``Chosen.exact`` is False and ``why`` says so. Nothing is downloaded here; what
``dz.tasklib.build.downloading`` brought is found.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import findpython
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dz.errors import PlatformError, UserError
from dz.run import run
from dz.seams.sandbox import Sandbox
from dz.seams.sandbox.interpreter import installed_in
from dz.settings import WorkerSettings
from dz.tasklib.build.inspect.pythons import PYTHONS, django_series, is_range, pythons_of, specifier
from dz.tasklib.folders import keep_text

ASK = (
    "import sys, json, venv\n"
    "v = sys.version_info\n"
    "ok = sys.implementation.name == 'cpython' and sys.prefix == sys.base_prefix and v[3] == 'final'\n"
    "ok = ok and 't' not in getattr(sys, 'abiflags', '')\n"
    "print(json.dumps('%d.%d.%d' % v[:3] if ok else ''))\n"
)
OLDEST, ANY = Version("3.6"), Version("3.99")  # the guest's syntax and uv serve 3.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    version: Version
    path: Path

    @property
    def series(self) -> Version:
        return Version(f"{self.version.major}.{self.version.minor}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """``why`` is a sentence for the user; ``exact``: it is what the project declared, or it declared nothing."""

    interpreter: Interpreter
    why: str
    exact: bool


def find(extra: Iterable[Path], cache_file: Path) -> tuple[Interpreter, ...]:
    """Every usable interpreter of this host, the newest first; of one series those that any uid can start first."""
    known = _read(cache_file)
    paths = _candidates(extra)
    marks = {path: _mark(path) for path in paths}
    unknown = [path for path in paths if known.get(str(path), ["", ""])[0] != marks[path]]
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = dict(zip(unknown, pool.map(_ask, unknown), strict=True))
    told = {str(p): [marks[p], answers[p] if p in answers else known[str(p)][1]] for p in paths}
    if told != known:
        keep_text(cache_file, json.dumps(told))
    found = [Interpreter(version=Version(told[str(p)][1]), path=p) for p in paths if told[str(p)][1]]
    usable = [one for one in found if one.version >= OLDEST]
    return tuple(sorted(usable, key=lambda i: (i.series, readable_by_others(i.path), i.version), reverse=True))


def of_host(settings: WorkerSettings, sandbox: Sandbox) -> tuple[tuple[Interpreter, ...], tuple[Interpreter, ...]]:
    """What ``find`` finds with this host's settings: those that projects can start here, and those they can't reach or
    must not: a Python comes with its installation, and ours may lie in that."""
    named = [Path(p) for p in settings.pythons.split(":") if p]
    brought = sorted(brought_to(settings.home).glob("cpython-*.*.*/bin/python3.*"))
    found = find([*named, *brought], settings.home / "cache" / "pythons.json")
    usable = {one: sandbox.starts(one.path) and not _holds(one.path, settings.home) for one in found}
    return tuple(one for one in found if usable[one]), tuple(one for one in found if not usable[one])


def _holds(program: Path, home: Path) -> bool:
    """Whether DZ_HOME is in what the program takes along, as with a Python that was built into ~/.local."""
    return any(home.resolve().is_relative_to(one.resolve()) for one in installed_in(program))


def of_layer(env: Path, home: Path) -> Path | None:
    """The host's own Python that an env layer leads to, which may be started outside the sandbox; None where it leads
    to another: a layer comes from another host, and may have a program under that name, or lead to a project's."""
    program, ours = (env / "bin/python").resolve(), home.resolve()
    is_ours = not program.is_relative_to(ours) or program.is_relative_to(brought_to(ours))
    return program if is_ours and program.exists() else None


def brought_to(home: Path) -> Path:
    """Where the Pythons lie that were downloaded for projects."""
    return home / "pythons"


def choose(found: Sequence[Interpreter], *, declared: str = "", django: str = "") -> Chosen:
    """The interpreter for a project that declares ``declared`` (a version or a range) and uses that Django.

    The declaration rules, then what Django supports. Raises UserError ``python.none-fits``.
    """
    wanted = specifier(declared)
    low, high = django_range(django)
    if wanted is not None and (fits := [one for one in found if wanted.contains(str(one.version))]):
        best = _best(fits, low, high)
        return Chosen(interpreter=best, why=f"the project asks for Python {declared}", exact=True)
    good = [one for one in found if low <= one.series <= high]
    if not good and is_range(django) and django_series(django) is None:  # a newer Django is allowed, which is for these
        good = [one for one in found if low <= one.series]
    if wanted is not None and (near := _of_its_series(found, wanted) or good):
        return _nearest(near, declared)
    if not good:
        raise _none_fits(found, declared, django, low, high)
    best = _best(good, low, high)
    why = f"the newest here that Django {django} supports" if django else "the newest here"
    return Chosen(interpreter=best, why=why, exact=True)


def django_range(django: str) -> tuple[Version, Version]:
    """The Pythons that a Django (``4.2``, ``4.2.7``, ``Django>=4.2,<5``) supports; all of them for an unknown one."""
    match = re.search(r"(?<!\d)(\d+)\.(\d+)", django)
    if match is None:
        return OLDEST, ANY
    series = f"{match[1]}.{match[2]}"
    if series in PYTHONS:
        low, high = pythons_of(series, django)
        return Version(low), Version(high)
    newest = list(PYTHONS)[-1]
    if Version(series) > Version(newest):
        return Version(PYTHONS[newest][0]), ANY
    return OLDEST, OLDEST  # the oldest run on 3.6, and on no newer one


def readable_by_others(path: Path) -> bool:
    """Whether any uid can start it: not below somebody's 0700 home."""
    real = path.resolve()
    try:
        parts = (real, *real.parents, *path.absolute().parents)
        return all(part.stat().st_mode & stat.S_IXOTH for part in parts)
    except OSError:
        return False


def _best(fits: Sequence[Interpreter], low: Version, high: Version) -> Interpreter:
    """The first that Django supports, else the first; ``fits`` is sorted, the newest first."""
    return next((one for one in fits if low <= one.series <= high), fits[0])


def _of_its_series(found: Sequence[Interpreter], wanted: SpecifierSet) -> list[Interpreter]:
    """Those of the minor version of which one patch is pinned."""
    pinned = re.fullmatch(r"==(\d+\.\d+)\.\d+", str(wanted))
    return [one for one in found if pinned and one.series == Version(pinned[1])]


def _nearest(good: Sequence[Interpreter], declared: str) -> Chosen:
    match = re.search(r"(\d+)(?:\.(\d+))?", declared)
    assert match is not None  # a specifier has a version
    major, minor = int(match[1]), int(match[2] or 0)
    best = min(good, key=lambda i: (abs((i.version.major - major) * 100 + i.version.minor - minor), -i.version.minor))
    if best.series == Version(f"{major}.{minor}"):
        why = f"the project asks for Python {declared}; this host has {best.version} of that series"
    else:
        why = f"the project asks for Python {declared}, which is not on this host; {best.version} is the nearest"
    return Chosen(interpreter=best, why=why, exact=False)


def _none_fits(found: Sequence[Interpreter], declared: str, django: str, low: Version, high: Version) -> UserError:
    needs = f"Django {django} runs on Python {low} to {high}" if django else f"Python {declared or low} is asked for"
    return UserError("python.none-fits", needs=needs, here=versions(found))


def versions(found: Sequence[Interpreter]) -> str:
    """Their versions, for a sentence."""
    return ", ".join(dict.fromkeys(str(one.version) for one in found)) or "none"


def _candidates(extra: Iterable[Path]) -> list[Path]:
    """Absolute paths, nothing run yet; findpython knows pyenv behind its shims, asdf and uv's folder. PATH is left to
    a glob: it compares each of a host's thousands of programs with a dozen patterns, at each build."""
    providers = (kind.create() for name, kind in findpython.ALL_PROVIDERS.items() if name != "path")
    listed = (Path(one.executable) for provider in providers if provider for one in provider.find_pythons())
    # Of a PATH of root's that an ordinary user kept, folders can't even be asked what they are.
    folders = [one for one in dict.fromkeys((*os.get_exec_path(), "/usr/bin")) if one and os.access(one, os.R_OK)]
    on_path = (path for folder in folders for path in sorted(Path(folder).glob("python3*")))
    seen: dict[Path, Path] = {}
    for path in (*extra, *listed, *on_path):
        path = path.absolute()
        plain = re.fullmatch(r"python(3(\.\d+)?)?", path.name) and path.parent.name != "shims"
        if plain and os.access(path, os.X_OK) and path.is_file():
            seen.setdefault(path.resolve(), path)
    return list(seen.values())


def _mark(path: Path) -> str:
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"


def _ask(path: Path) -> str:
    """Its version, or "" if it is of no use to us."""
    try:
        done = run([path, "-I", "-S", "-c", ASK], deadline=20, cwd=Path("/"))
    except (OSError, PlatformError):
        return ""
    text = done.text.strip()
    return str(json.loads(text)) if done.ok and re.fullmatch(r'"[0-9.]*"', text) else ""


def _read(cache_file: Path) -> dict[str, list[str]]:
    try:
        value = json.loads(cache_file.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
