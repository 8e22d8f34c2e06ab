"""Requirement lines that give way, aloud, where the project would be refused otherwise.

An option behind a requirement that pip passes over and uv does not read; -e before one that comes from git. A pin whose
release left the index, or that excludes another one, takes another release of its own minor series.

Promises: only the copy in the box changes; a pin with hashes never gives way; what did not help is undone, so that what
is told is what the project says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from packaging.version import InvalidVersion, Version

from dz.errors import UserError
from dz.plain import plain
from dz.run import Finished
from dz.tasklib.build.askedfor import escaped, lines, named
from dz.tasklib.build.bench import Bench

ROUNDS = 6  # uv names one at a time
KEPT = ".as-it-was"
_OPTION = re.compile(r"Expected `--hash`, found `\"?(--[a-z-]++)[^`]*+`: (\S+?):(\d+):\d+")
_EDITABLE = re.compile(r"Unsupported editable requirement in `([^`]++)`[^`]*+`git\+")
_VALUE = r"([=[:space:]](\"[^\"]*\"|'[^']*'|[^[:space:]#]+))?"


def compiled(bench: Bench, words: Sequence[str | Path], files: Sequence[Path], *, cwd: Path) -> tuple[Finished, str]:
    """What uv answers to these words and files, after what had to give way did."""
    argv = [bench.uv(), *words, "--", *files]
    finished, said = bench.inside(argv, cwd=cwd)
    for _ in range(ROUNDS):
        if finished.ok or not (_without_option(bench, said, cwd) or _plainly_of_git(bench, said, cwd)):
            break
        finished, said = bench.inside(argv, cwd=cwd)
    given = _Given(bench, files)
    latest = said
    for _ in range(ROUNDS):
        if finished.ok or not given.after(latest):
            break
        finished, latest = bench.inside(argv, cwd=cwd)
    given.end(useful=finished.ok)
    return finished, said


def as_locked(bench: Bench, words: Sequence[str | Path], files: Sequence[Path], *, cwd: Path) -> tuple[Finished, str]:
    """The same for the lines of a whole lock: one that contradicts itself is taken as it is."""
    finished, said = bench.inside([bench.uv(), *words, "--", *files], cwd=cwd)
    if finished.ok:
        return finished, said
    as_it_is, of_its_own = bench.inside([bench.uv(), *words, "--no-deps", "--", *files], cwd=cwd)
    if as_it_is.ok:
        bench.log.note("the lock contradicts itself: it is taken as it is, as pipenv does", level="warning")
    elif not _is_for_other_pythons(bench, of_its_own):
        return compiled(bench, words, files, cwd=cwd)
    return as_it_is, of_its_own


def _is_for_other_pythons(bench: Bench, said: str) -> bool:
    error = bench.failure(said)
    return isinstance(error, UserError) and bool(error.facts.get("pythons"))


def _without_option(bench: Bench, said: str, cwd: Path) -> bool:
    """Whether a line lost the option that uv met behind a requirement."""
    found = _OPTION.search(plain(said))
    if found is None:
        return False
    option, file, line = found.groups()
    script = f"/^[[:space:]]*[A-Za-z0-9]/ s/[[:space:]]+{option}{_VALUE}//g"
    done, _ = bench.inside(["sed", "-i", "-E", script, "--", file], cwd=cwd)
    bench.log.note(f"{file}:{line}: {option} behind a requirement is passed over, as pip does", level="warning")
    return done.ok


def _plainly_of_git(bench: Bench, said: str, cwd: Path) -> bool:
    """Whether the lines of a file that take a package from git, to be edited, take it as any other."""
    found = _EDITABLE.search(plain(said))
    if found is None:
        return False
    script = r"s/^[[:space:]]*(-e|--editable)[[:space:]=]+git\+/git+/"
    done, _ = bench.inside(["sed", "-i", "-E", script, "--", found[1]], cwd=cwd)
    bench.log.note(f"{found[1]}: nobody edits a package of git in a release: -e is passed over")
    return done.ok


class _Given:
    """The pins that gave way so far, and the files that this changed."""

    def __init__(self, bench: Bench, files: Sequence[Path]) -> None:
        self.bench, self.files = bench, files
        self.pins: dict[str, str] = {}
        self.changed: set[str] = set()

    def after(self, said: str) -> bool:
        """Whether one more did, of those that uv complains of; the one that another package can't live with first."""
        error = self.bench.failure(said)
        if not isinstance(error, UserError) or error.facts.get("pythons"):
            return False  # or it is a question of Python
        excluded, gone = error.facts.get("pins"), str(error.facts.get("wanted", ""))
        return any(
            self._gives(pin, upwards=pin != gone)
            for pin in (excluded if isinstance(excluded, tuple) else (gone,))
            if pin not in self.pins
        )

    def _gives(self, pin: str, *, upwards: bool) -> bool:
        name, _, version = pin.partition("==")
        if not _is_exact(version):
            return False
        series = ".".join(map(str, (*Version(version).release, 0)[:2]))
        instead = f">={version if upwards else series},=={series}.*"
        replaced = self._replace(name, version, instead)
        if replaced:
            self.pins[pin] = f"{name}{instead}"
        return replaced

    def _replace(self, name: str, version: str, instead: str) -> bool:
        pin = rf"({named(name)}(\[[^]]*\])?[[:space:]]*)==[[:space:]]*{escaped(version)}([^A-Za-z0-9.+*-]|$)"
        paths = {one.path for one in lines(self.bench, self.files, pin) if not one.hashed}
        for path in paths - self.changed:
            self.bench.inside(["cp", "--", path, path + KEPT])
        self.changed |= paths
        script = f"/--hash|\\\\$/! s/{pin}/\\1{instead}\\{pin.count('(')}/I"
        return bool(paths) and self.bench.inside(["sed", "-i", "-E", script, "--", *sorted(paths)])[0].ok

    def end(self, *, useful: bool) -> None:
        for pin, instead in self.pins.items() if useful else ():
            self.bench.log.note(f"{pin} can't be had here: {instead} is asked for instead", level="warning")
        for path in self.changed if not useful else ():
            self.bench.inside(["mv", "--", path + KEPT, path])


def _is_exact(version: str) -> bool:
    try:
        return bool(Version(version))
    except InvalidVersion:
        return False
