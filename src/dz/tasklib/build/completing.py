"""An environment in which the project is proved to start, completed with what its code imports and nothing declares.

Only a module is added whose distribution the repository declares for something else (its tests, say), as it names it,
or whose distribution is well known (``inspect/wellknown.py``), in the newest version that fits what the project has;
the job's log says it with the reason. Whatever else is missing is the project's error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dz.errors import UserError
from dz.tasklib.build import told
from dz.tasklib.build.ageing import of_its_day
from dz.tasklib.build.dependencies import Environment, provide
from dz.tasklib.build.desk import Build
from dz.tasklib.build.inspect.pythons import specifier
from dz.tasklib.build.inspect.wellknown import distribution
from dz.tasklib.build.proof import Proof
from dz.tasklib.build.trial import prove

MOST = 6  # distributions that are added
LONGEST = 256 * 1024  # characters of a .gitignore that are read
# What no Python can read, unless an f-string misled this one: since 3.12 it may hold its own quotes.
BROKEN = re.compile(
    r"was never closed|unmatched '|does not match (?:opening|any outer)|unexpected (?:indent|EOF)|expected an indented"
    r"|unterminated triple|Missing parentheses in call|inconsistent use of tabs|invalid (?:non-printable )?character"
)
F_STRING = re.compile(r"(?i)\bf?rf?[\"']|\bf[\"']")


def proven(build: Build, environment: Environment) -> tuple[Environment, Proof]:
    """The proof, and the environment that it took. Raises UserError with the project's own line."""
    added: tuple[str, ...] = ()
    spare = told.plain(_lines_of(build, "spare_packages"))
    while True:
        error, proof = None, None
        try:
            proof = prove(build, environment)
            missing = proof.lacks
        except UserError as failed:
            error = failed
            missing = str(error.facts.get("module", "")) if error.id == "settings.module-missing" else ""
        more = addition(missing, added, spare)
        if error and not more and (found := of_its_day(build, environment, added, error)):
            return found
        larger = _with_more(build, environment, added, spare, missing) if more else None
        if larger is not None:
            environment, added = larger
        elif proof is not None:
            return environment, proof
        elif error is not None:
            raise _blamed(build, environment, error)


def _with_more(
    build: Build, environment: Environment, added: tuple[str, ...], spare: tuple[str, ...], missing: str
) -> tuple[Environment, tuple[str, ...]] | None:
    """The environment with what brings that module, and what was added by then; None where that can't be had. What else
    is imported at the start and is missing comes with it, unless it can't be had."""
    sorts = [added]
    for module in (missing, *lacking(_lines_of(build, "imported"), environment.folder)):
        if more := addition(module, sorts[-1], spare):
            why = "is declared for something else" if more in spare else "nothing declares it"
            build.ctx.log.note(f"{module} is imported and {why}: {more} is added", level="warning")
            sorts.append((*sorts[-1], more))
    alone = sorts[1]
    for whole in dict.fromkeys((sorts[-1], alone)):
        try:
            return provide(build, whole), whole
        except UserError as error:
            without = whole[len(added if whole == alone else alone) :]
            build.ctx.log.note(f"{error.brief} {', '.join(without)}: not added", level="warning")
    return None


def _blamed(build: Build, environment: Environment, error: UserError) -> UserError:
    """What a failure comes from that no package mends."""
    cause = not_committed(_cause(error, environment), build.tree / ".gitignore")
    cause = not_there(cause, build.tree / build.config.project_root)
    return without_its_python(cause, build.config.python_version, environment.python)


def lacking(modules: Iterable[str], environment: Path) -> list[str]:
    """Those that an environment has not: neither a package nor a module of that name."""
    there = {one.name.partition(".")[0] for one in environment.glob("lib/python*/site-packages/*")}
    return [one for one in modules if one not in there]


def _lines_of(build: Build, field: str) -> list[str]:
    return [line for guess in build.ctx.door.guesses(field) for line in guess.value.splitlines()]


def _cause(error: UserError, environment: Environment) -> UserError:
    """Of a module that is missing because what brings it was left out: that, with the line that imports it."""
    if error.id != "settings.module-missing" or not environment.left_out:
        return error
    module = str(error.facts["module"]).lower()
    package, library = next((one for one in environment.left_out if module in one[0]), environment.left_out[0])
    return UserError("build.system-library", where=error.where, package=package, library=library)


def not_committed(error: UserError, ignored: Path) -> UserError:
    """Of a module whose file git ignores: that, with the line that says so."""
    module = str(error.facts.get("module", ""))
    if not module or ignored.is_symlink() or not ignored.is_file():
        return error
    file = f"{module.rpartition('.')[2]}.py"
    with ignored.open(errors="replace") as content:
        lines = content.read(LONGEST).splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip().rpartition("/")[2] == file:
            told = f"{ignored.name}:{number}"
            return UserError("settings.file-ignored", where=error.where, module=module, ignored=told, file=file)
    return error


def not_there(error: UserError, code: Path) -> UserError:
    """Of a module that is missing in a package of the project's own: that, for no other package brings it."""
    module = str(error.facts.get("module", ""))
    package = module.rpartition(".")[0]
    if error.id != "settings.module-missing" or not package or not (code / package.replace(".", "/")).is_dir():
        return error
    return UserError("settings.not-in-repository", where=error.where, module=module, package=package)


def without_its_python(error: UserError, declared: str, python: str) -> UserError:
    """Of code that the Python can't read, where the project asks for another one than this host has: that."""
    wanted = specifier(declared)
    if error.id != "settings.syntax-error" or wanted is None or wanted.contains(python):
        return error
    said = str(error.facts["error"])
    if BROKEN.search(said) and not F_STRING.search(error.where):
        return error
    needs = f"the project asks for Python {declared}, and {python} can't read its {error.facts['file']} ({said})"
    return UserError("python.none-fits", where=error.where, needs=needs, here=python)


def addition(module: str, added: tuple[str, ...], spare: tuple[str, ...] = ()) -> str:
    """The requirement to add for a missing module, "" if none is known or it did not help. ``spare``: what the
    repository declares for something else."""
    top = module.split(".", maxsplit=1)[0]
    known = distribution(top)
    brings = {canonicalize_name(name) for name in (top, f"django-{top}", f"python-{top}", known)}
    found = next((line for line in spare if canonicalize_name(Requirement(line).name) in brings), known)
    return "" if found in added or len(added) >= MOST else found
