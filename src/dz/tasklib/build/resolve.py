"""From what a repository says it needs to a list of names, versions and hashes: worked out inside the sandbox.

uv resolves inside (it may have to run build scripts to learn what a package needs) and answers with a pylock.toml;
what has no wheel for this Python is built to one, inside too. Nothing that a repository wrote reaches the installer
outside but ``name==version --hash=...``. The answer is kept by the hash of the files it came from: a change of the code
alone is never a change of versions.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from dz.errors import UserError
from dz.tasklib.build import locked
from dz.tasklib.build.additions import COMPILED, additions, any_driver, without_compiled
from dz.tasklib.build.askedfor import placed
from dz.tasklib.build.bench import Bench
from dz.tasklib.build.brought import brought
from dz.tasklib.build.clashes import fitting
from dz.tasklib.build.inspect.pythons import FOR_37
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.locked import Locked, Requirement, Source
from dz.tasklib.build.needless import KNOWN, NEEDLESS
from dz.tasklib.build.oldreleases import answered, pip_of
from dz.tasklib.build.otherpython import first_that_fits, has_wheel
from dz.tasklib.build.relaxing import as_locked, compiled
from dz.tasklib.build.wanted import Wanted, files_of, folder_of
from dz.tasklib.build.wheels import keep
from dz.tasklib.folders import keep_text

OLDEST_DATED = "1.11"  # a Django before it is taken where something names it, not by a day alone
RULES = 3  # raised where the same files lead to another list than before
WHEELS = 2 * 1024 * 1024 * 1024  # bytes of the wheels that a project may have built
# What may say which versions are wanted; anything else can change without another resolution.
TELLING = (".txt", ".in", ".toml", ".lock", ".cfg", ".pip")
TELLING_NAMES = ("setup.py", "Pipfile")
NO_LISTS = frozenset({"templates", "static", "locale"})  # an e-mail's template is a .txt, too
FILE = 8 * 1024 * 1024


def resolve(bench: Bench, wanted: Wanted, others: Sequence[Interpreter] = ()) -> tuple[Locked, Path]:
    """The list, and the folder (ours) of the wheels that were built for it. ``others``: the Pythons to try where the
    bench's can't have what is wanted; the list says which it is for.

    Raises UserError ``build.*`` when the project's requirements are to blame, Transient when the index is silent.
    """
    inputs = inputs_key(bench, wanted)
    saved, wheels = bench.work / "locks" / f"{inputs}.json", bench.work / "wheels" / inputs
    if saved.exists():
        known = Locked.from_json(saved.read_text())
        if known.python in ("", *(str(one.version) for one in others)):
            return known, wheels

    def with_its_python(one: Bench) -> tuple[Locked, bool]:
        one.lay()
        return _resolved(one, wanted, wheels, others if one is bench else ())

    try:
        used, (result, lasts) = first_that_fits(bench, others, with_its_python)
    except UserError as error:
        raise placed(bench, wanted.files, error) from None
    if used is not bench:
        result = replace(result, python=str(used.python.version))
    if lasts:
        keep_text(saved, result.json())
    return result, wheels


def _resolved(bench: Bench, wanted: Wanted, wheels: Path, others: Sequence[Interpreter]) -> tuple[Locked, bool]:
    """The list, and whether it stays as long as the files do: a package of the repository changes with its code."""
    ready, sources = _project(bench, wanted)
    have = {one.name: one.version for one in ready} | {one.name: one.version for one in sources}
    if "django" not in have:
        raise UserError("build.django-missing", files=", ".join(wanted.files) or "no file names any")
    have = without_compiled(have, {one.name for one in sources})
    ready = [one for one in ready if one.name != "psycopg2"]  # its like lies in the same folder
    sources = [one for one in sources if one.name not in COMPILED | NEEDLESS]
    lines = additions(have, asgi_only=wanted.asgi_only)
    more = _additions(bench, ready, sources, lines, wanted.added, django=have["django"])
    built, lacking = _build(bench, sources, wheels, others)
    result = Locked(
        project=tuple(sorted((*ready, *built))),
        platform=tuple(sorted(more)),
        built=tuple(one.name for one in built),
        left_out=lacking,
    )
    return result, not any(one.local for one in sources)


def inputs_key(bench: Bench, wanted: Wanted) -> str:
    """A hash of every small file of the checkout that may tell versions; links are told apart, never followed."""
    # Not the day: a commit that only changes code keeps the versions that were found first.
    wanted = replace(wanted, as_of="")
    seen = hashlib.sha256(
        repr((RULES, wanted, str(bench.python.version), bench.uv().name, bench.indexes.variables)).encode()
    )
    leads = {str(one) for file in (*wanted.files, f"{wanted.root}/manage.py") for one in PurePosixPath(file).parents}
    without = {name for name in NO_LISTS if not any(_names(bench.tree / file, f"{name}/") for file in wanted.files)}
    for folder, folders, files, descriptor in os.fwalk(bench.tree, follow_symlinks=False):
        within = PurePosixPath(folder).relative_to(bench.tree)
        folders[:] = sorted(n for n in folders if n != ".git" and (n not in without or str(within / n) in leads))
        for name in sorted(files):
            if name in TELLING_NAMES or name.endswith(TELLING):
                where = f"{Path(folder).relative_to(bench.tree)}/{name}"
                seen.update(where.encode(errors="surrogateescape") + b"\0" + _content(name, descriptor) + b"\0")
    return seen.hexdigest()[:32]


def _names(listing: Path, folder: str) -> bool:
    """Whether a list includes another from there."""
    return folder.encode() in _content(listing)


def _content(name: str | Path, folder: int | None = None) -> bytes:
    """The file's bytes, or what it is instead of a small regular file."""
    try:
        with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb") as file:  # noqa: PTH123
            status = os.fstat(file.fileno())
            return file.read(FILE) if stat.S_ISREG(status.st_mode) else b"special"
    except OSError:
        return b"link"


def _project(bench: Bench, wanted: Wanted) -> tuple[list[Requirement], list[Source]]:
    """The project's own dependencies."""
    root = bench.source / wanted.root
    if wanted.installer == "uv":
        words: list[str | Path] = ["export", "--frozen", "--no-dev", "--no-emit-project", "--format", "pylock.toml"]
        words += ["--no-header", "--python", bench.python.path]
        words += [f"--{kind}={name}" for kind, name in wanted.extras]
        return _answer(bench, words, folder_of(bench, wanted, root))
    files = files_of(bench, wanted)
    if not files and not wanted.extras:
        return [], []
    return _compiled(bench, files, wanted, folder_of(bench, wanted, root))


def _compiled(bench: Bench, files: list[Path], wanted: Wanted, cwd: Path) -> tuple[list[Requirement], list[Source]]:
    known = bench.write("known.toml", KNOWN)
    words: list[str | Path] = ["pip", "compile", "--config-file", known, "--format", "pylock.toml", "--no-header"]
    words += ["--python", bench.python.path]
    at = {"extra": "", "group": f"{bench.source / wanted.files[0]}:" if wanted.files else ""}
    words += [f"--{kind}={at[kind]}{name}" for kind, name in wanted.extras]
    # What the files leave open is bounded: old packages ask for any setuptools and import pkg_resources, which the
    # newest have no more; old code asks for any Django. Where that does not fit, the files alone decide.
    bounds = bench.bounds + (f"django{wanted.django}\n" if wanted.django else "")
    dated: list[str | Path] = ["--exclude-newer", wanted.as_of] if wanted.as_of else []
    if dated and not wanted.aged and (found := _dated(bench, [*words, *dated], files, bounds, cwd)):
        bench.log.note(f"nothing says which versions: those before {wanted.as_of}, its last commit, are taken")
        return found
    words += dated if wanted.aged else []
    said = ""
    pins = "".join(f"{pin}\n" for pin in wanted.pins)
    if pins and "setuptools==" not in pins:
        pins += bench.bounds  # poetry's locks used to leave it out
    for limits in dict.fromkeys((pins or bounds, bounds)):
        given = bench.write("limits.txt", limits)
        asked = as_locked if wanted.whole_lock else compiled
        finished, said = answered(bench, KNOWN, partial(asked, bench, [*words, "-c", given], files, cwd=cwd))
        if finished.ok:
            found = locked.read(finished.output, bench.python)
            return fitting(bench, [*words, "-c", given], files, found, cwd=cwd)
        if limits != bounds:
            bench.log.note("the lock does not fit what the project asks for: it was left out", level="warning")
    if not re.search("setuptools|django|wheel", said, re.IGNORECASE):
        raise bench.failure(said)
    return _answer(bench, [*words, "--", *files], cwd)


def _dated(
    bench: Bench, words: Sequence[str | Path], files: Sequence[Path], bounds: str, cwd: Path
) -> tuple[list[Requirement], list[Source]] | None:
    """What those words find of that time; None for nothing that fits."""
    oldest = OLDEST_DATED if bench.python.version.minor < 7 else FOR_37
    limits = bench.write("limits.txt", f"{bounds}django>={oldest}\n")
    finished, _ = bench.inside([bench.uv(), *words, "--only-binary", ":all:", "-c", limits, "--", *files], cwd=cwd)
    return locked.read(finished.output, bench.python) if finished.ok else None


def _additions(
    bench: Bench,
    ready: Sequence[Requirement],
    sources: Sequence[Source],
    lines: Sequence[str],
    added: Sequence[str],
    *,
    django: str,
) -> list[Requirement]:
    """The platform's own list: wheels only, fitting what the project has; without what it has already. ``added``: lines
    that may be the repository's words, which no uv outside of the sandbox is given."""
    if not lines and not added:
        return []
    have = {one.name: one.version for one in ready} | {one.name: one.version for one in sources}
    found = None if added else brought(bench, lines, have)
    found = found or _fitting(bench, ready, sources, [*lines, *added], django=django)
    return [one for one in found if one.name not in have]


def _fitting(
    bench: Bench, ready: Sequence[Requirement], sources: Sequence[Source], lines: Sequence[str], *, django: str
) -> list[Requirement]:
    """Those lines where the project's own versions leave other releases of them than the newest."""
    wanted = bench.write("platform.in", "".join(f"{line}\n" for line in lines))
    limits = bench.write("project.txt", locked.constraints(ready, sources))
    words: list[str | Path] = ["pip", "compile", "--no-config", "--format", "pylock.toml", "--no-header"]
    words += ["--only-binary", ":all:", "-c", limits, "--python", bench.python.path, "--", wanted]
    finished, said = bench.inside([bench.uv(), *words], cwd=bench.box)
    if not finished.ok:
        other = any_driver(lines, django)
        if other is None:
            raise bench.failure(said)
        bench.log.note(
            "the pinned driver has no wheel for this Python: another version of it is taken", level="warning"
        )
        return _fitting(bench, ready, sources, other, django=django)
    return locked.read(finished.output, bench.python)[0]


def _answer(bench: Bench, words: Sequence[str | Path], cwd: Path) -> tuple[list[Requirement], list[Source]]:
    finished, said = bench.inside([bench.uv(), *words], cwd=cwd)
    if not finished.ok:
        raise bench.failure(said)
    return locked.read(finished.output, bench.python)


def _build(
    bench: Bench, sources: Sequence[Source], wheels: Path, others: Sequence[Interpreter]
) -> tuple[list[Requirement], tuple[tuple[str, str], ...]]:
    """Wheels of what has none, in a folder of ours, as requirements with their hashes; and what had to be left out.

    Many a project names for all its users what only some need (LDAP, say): what a library of the host is missing for is
    left out, aloud, unless another Python has it ready. Whether the project does without is proved before it goes live,
    as far as its start tells.
    """
    left_out: list[tuple[str, str]] = []
    while sources:
        try:
            return _wheels(bench, sources, wheels), tuple(left_out)
        except UserError as error:
            name = canonicalize_name(str(error.facts.get("package", "")))
            release = next((f"{name}=={one.version}" for one in sources if one.name == name and not one.local), "")
            left = error.id == "build.system-library" and release
            if not left or any(has_wheel(bench, release, one) for one in others):
                raise UserError(error.id, where=error.where, **{**error.facts, "release": release}) from None
            library = str(error.facts["library"])
            left_out.append((name, library))
            sources = [one for one in sources if one.name != name]
            bench.log.note(f"{name} is left out: it needs {library}, which this host does not have", level="warning")
    return [], tuple(left_out)


def _wheels(bench: Bench, sources: Sequence[Source], wheels: Path) -> list[Requirement]:
    pip = pip_of(bench)
    groups = [[one for one in sources if one.hashed is hashed] for hashed in (True, False)]
    for group in filter(None, groups):
        if bench.for_old_builds or not _pip_wheel(bench, pip, group):
            # What can be built with old setuptools alone, and what cannot, are each built with theirs; and of many that
            # fail together pip does not always say which.
            for one in group:
                bench.renew_limits()
                _pip_wheel(bench, pip, [one])
    given = bench.take("wheels", at_most=WHEELS)
    return keep(given, {one.name for one in sources}, wheels, python=str(bench.python.version))


def _pip_wheel(bench: Bench, pip: Path, sources: Sequence[Source]) -> bool:
    """Of sources with hashes alone, or without any; whether all were built. Raises where it is known which was not."""
    listed = bench.write("build.txt", "".join(f"{line}\n" for one in sources for line in one.pip))
    words: list[str | Path] = [bench.python.path, pip / "pip", "wheel", "--no-deps", "--no-cache-dir", "--quiet"]
    words += ["--use-pep517", "--wheel-dir", bench.box / "wheels", "-r", listed]
    finished, said = bench.inside(words)
    if finished.ok:
        return True
    error = bench.failure(said)
    if error.id != "build.requirements-invalid" and (len(sources) == 1 or not bench.for_old_builds):
        raise error
    if len(sources) == 1:
        only = sources[0].name
        raise UserError("build.package-build-failed", package=only, python=str(bench.python.version), release=only)
    return False
