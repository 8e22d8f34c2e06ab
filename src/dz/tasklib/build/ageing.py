"""Releases of the last commit's day, for a project that the newest of what its list leaves open break.

They are tried where they can help: another release of a package that has no part in an exception mends none, nor does
the same one of a package that the list pins.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import islice
from pathlib import Path

from packaging.utils import canonicalize_name

from dz.errors import UserError
from dz.tasklib.build import askedfor, interpreters
from dz.tasklib.build.dependencies import Environment, choose, leaves_open, made, open_bench
from dz.tasklib.build.desk import Build
from dz.tasklib.build.proof import Proof
from dz.tasklib.build.trial import prove

BROKEN = ("settings.import-failed", "app.setup-failed", "app.urls-failed", "app.wsgi-failed")
AGED = 60  # days since the last commit, within which the newest releases are as good as those of that day
MOST = 1000  # distributions of an environment
LONGEST = 8 * 1024 * 1024  # characters of what one of them has
_PIN = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?\s*==\s*([A-Za-z0-9.!+-]+)\s*(?:$|[;#\\]|--hash)")
_FOLDER = re.compile(r"^([A-Za-z0-9_]+)(?:[/.])", re.MULTILINE)


def of_its_day(
    build: Build, environment: Environment, added: tuple[str, ...], error: UserError
) -> tuple[Environment, Proof] | None:
    """The same with nothing that is newer than the code, of what its files leave open; None where that helps as little.

    A list that pins what the code imports leaves to the index what those packages import, and its newest releases are
    for newer ones."""
    if not may_help(error, build.tree / build.config.project_root) or not leaves_open(build, days=AGED):
        return None
    part = _having_part(error, environment.folder)
    if part is not None and not part - _pinned(build, environment, part):
        return None
    build.ctx.log.note(f"{error.brief} Releases of its last commit's day are tried.", level="warning")
    try:
        chosen = choose(build, added, aged=True)
        if part is not None and not changed(environment.packages, chosen.packages, part):
            build.ctx.log.note("Of what failed that day had the same releases.")
            return None
        older = made(build, chosen)
        return (older, prove(build, older)) if older.key != environment.key else None
    except UserError:
        return None


def may_help(error: UserError, code: Path) -> bool:
    """Where the project and its packages do not fit each other, or a package lacks a module that another release has;
    a library that the host lacks comes with none."""
    package, inner, _ = str(error.facts.get("module", "")).partition(".")
    lacks = error.id == "settings.module-missing" and bool(inner) and not (code / package).is_dir()
    return error.id in BROKEN or lacks


def changed(before: Mapping[str, str], after: Mapping[str, str], part: Collection[str]) -> bool:
    """Whether one of those has another release, or is no more there."""
    return any(before.get(name) != after.get(name) for name in part)


def _having_part(error: UserError, environment: Path) -> set[str] | None:
    """The distributions that have a part in it; None where nobody knows."""
    named = error.facts.get("packages")
    return None if named is None else distributions(environment, str(named).split())


def distributions(environment: Path, folders: Collection[str]) -> set[str]:
    """Which of an environment brought those folders and modules: by their lists of files, which the installer wrote,
    and which for a package of an old kind may be missing."""
    found: set[str] = set()
    lists = islice(environment.glob("lib/python*/site-packages/*.dist-info/RECORD"), MOST)
    for record in lists:
        with record.open(errors="replace") as lines:
            has = set(_FOLDER.findall(lines.read(LONGEST)))
        if has.intersection(folders):
            found.add(canonicalize_name(record.parent.name.removesuffix(".dist-info").rpartition("-")[0]))
    return found


def _pinned(build: Build, environment: Environment, part: Collection[str]) -> set[str]:
    """Those of which the project's lists name no other release than it has."""
    files = build.config.pip_reqs
    if not part or build.config.installer != "requirements" or not files:
        return set()
    any_python = interpreters.of_host(build.ctx.settings, build.ctx.seams.sandbox)[0][0]
    bench = open_bench(build, any_python)
    bench.lay()
    any_of = "|".join(re.sub("[-_.]+", "[-_.]+", name) for name in sorted(part))
    lines = askedfor.lines(bench, files, rf"^[[:space:]]*({any_of})(\[[^]]*\])?[[:space:]]*==")
    return pinned([line.text for line in lines], environment.packages)


def pinned(lines: Collection[str], have: Mapping[str, str]) -> set[str]:
    """Names of lines that ask for just what there is."""
    found = (_PIN.match(line) for line in lines)
    names = ((str(canonicalize_name(one[1])), one[2]) for one in found if one)
    return {name for name, version in names if have.get(name) == version}
