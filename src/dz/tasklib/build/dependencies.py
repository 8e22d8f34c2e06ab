"""A project's environment: which Python, which distributions, and the env layer, built only when its key is new."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from uv import find_uv_bin

from dz.errors import UserError
from dz.run import check
from dz.seams.sandbox.indexes import of_this_host
from dz.tasklib.appserver.processes import serves_asgi
from dz.tasklib.bringing import bring, store_of
from dz.tasklib.build import demanded, disk, downloading, interpreters, layers, told
from dz.tasklib.build.bench import Bench
from dz.tasklib.build.desk import Build, here, pack
from dz.tasklib.build.installing import install
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.locked import Locked
from dz.tasklib.build.resolve import resolve
from dz.tasklib.build.wanted import Wanted
from dz.tasklib.buildconfig import WITH_EXTRAS
from dz.tasklib.folders import passable
from dz.tasklib.machine import platform_name
from dz.tasklib.records import Layer

ROOM = 500_000_000  # bytes that must be free before anything is downloaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The env layer with its files on this host; ``reused``: nothing was installed for it; ``left_out``: what is not in
    it, with the library of the host that it would need."""

    key: str
    layer: Future[Layer]
    folder: Path
    python: str  # its version
    packages: Mapping[str, str]  # name → version
    reused: bool
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an environment is to be made of, before anything is installed."""

    bench: Bench
    locked: Locked
    wheels: Path

    @property
    def packages(self) -> dict[str, str]:
        """Name → version."""
        return {one.name: one.version for one in (*self.locked.project, *self.locked.platform)}


def provide(build: Build, added: tuple[str, ...] = ()) -> Environment:
    """Choose Python, resolve, install what is new. ``added``: requirement lines beside the project's own, which the
    proof asked for: the step has its title by then."""
    return made(build, choose(build, added), titled=bool(added))


def choose(build: Build, added: tuple[str, ...] = (), *, aged: bool = False) -> Chosen:
    """The Python and the list. ``aged``: of what the project's lines leave open nothing is taken that is newer than
    the code."""
    interpreter, others = choose_python(build)
    wanted = wanted_of(build, added)
    wanted = replace(wanted, as_of=_as_of(build), aged=True) if aged else wanted
    bench, locked, wheels = _resolved(build, open_bench(build, interpreter), wanted, others)
    return Chosen(bench=bench, locked=locked, wheels=wheels)


def made(build: Build, chosen: Chosen, *, titled: bool = True) -> Environment:
    """The environment, with what of it is new installed."""
    ctx, bench, locked = build.ctx, chosen.bench, chosen.locked
    key = env_key(locked, bench.python)
    folder = build.folders.layer(build.project.app_id, "env", key)
    known = ctx.door.find_layer("env", key)
    title = f"{len(locked)} dependencies from the last env layer" if known else f"install {len(locked)} dependencies"
    if not titled:
        ctx.log.title(f"Build the bundle: {title}")
    if known is not None:
        bring(store_of(ctx, build.project.app_id), build.folders, build.project.app_id, known, folder)
        ctx.log.note(f"env layer reused: {len(locked)} dependencies, none installed")
    else:
        _install(build, bench, locked, chosen.wheels, folder)
    return Environment(
        key=key,
        layer=here(known) if known else pack(build, "env", key, folder),
        folder=folder,
        python=str(bench.python.version),
        packages=chosen.packages,
        reused=known is not None,
        left_out=locked.left_out,
    )


def _resolved(
    build: Build, bench: Bench, wanted: Wanted, others: tuple[Interpreter, ...]
) -> tuple[Bench, Locked, Path]:
    """The list, the wheels that were built for it, and the bench with the Python that both are for."""
    with build.ctx.part("Resolve dependencies"):
        try:
            locked, wheels = resolve(bench, wanted, others)
        except UserError as error:
            raise demanded.of(build.ctx.door, build.config.python_version).placed(error) from None
        used = next((one for one in others if str(one.version) == locked.python), bench.python)
        _tell(build, locked)
    return replace(bench, python=used), locked, wheels


def wanted_of(build: Build, added: tuple[str, ...] = ()) -> Wanted:
    """The build config's files; beside them what the code says of packages and of Django's version."""
    config, door = build.config, build.ctx.door
    guessed = [one for one in door.guesses("packages") if one.is_primary]
    lines = [line for one in guessed for line in one.value.splitlines()]
    if lines and config.installer == "none":
        build.ctx.log.note(f"{guessed[0].basis.why}: {', '.join(lines)}", level="warning")
    return Wanted(
        installer=config.installer,
        files=tuple(config.pip_reqs),
        extras=config.extras if config.installer in WITH_EXTRAS else (),
        packages=told.plain(lines) if config.installer in ("none", "pipenv") else (),
        pins=told.plain(lines) if config.installer in ("poetry", "pdm") else (),
        django=told.django_range([g.value for g in door.guesses("django_version")]),
        root=config.project_root,
        asgi_only=serves_asgi(config),
        added=added,
        whole_lock=any(one.basis.file.endswith("Pipfile.lock") for one in guessed),
        as_of=_as_of(build) if config.installer == "none" and not config.pip_reqs else "",
    )


def _as_of(build: Build) -> str:
    """The day after the last commit's, "" if git told none. A commit may say any year, some that no date has."""
    second = min(build.ctx.results.get("build_and_deploy", {}).get("committed_at", 0), time.time())
    return str(datetime.fromtimestamp(second + 86_400, UTC).date()) if second else ""


def leaves_open(build: Build, *, days: int) -> bool:
    """Whether releases are taken that came more than so many days after the last commit: nothing locks them all, and
    nobody asked for those of its time."""
    second = build.ctx.results.get("build_and_deploy", {}).get("committed_at", 0)
    old = bool(second) and datetime.now(UTC).timestamp() - second > days * 86_400
    wanted = wanted_of(build)
    return old and wanted.installer != "uv" and not (wanted.pins or wanted.whole_lock or wanted.as_of)


def choose_python(build: Build) -> tuple[Interpreter, tuple[Interpreter, ...]]:
    """The interpreter, downloaded if none here fits; told in the log, as a warning where it is not the declared one.
    Beside it the others of this host."""
    ctx, demand = build.ctx, demanded.of(build.ctx.door, build.config.python_version)
    found, closed = interpreters.of_host(ctx.settings, ctx.seams.sandbox)
    series = demand.missing(found)
    if series and downloading.bring(ctx, series):
        found, closed = interpreters.of_host(ctx.settings, ctx.seams.sandbox)
    if closed:
        named = ", ".join(str(one.path) for one in closed)
        ctx.log.note(f"not used, below folders closed to projects or around ours: {named}")
    chosen = demand.choose(found)
    because = f" ({demand.by_python.why})" if demand.by_python.why else ""
    said = f"Python {chosen.interpreter.version}: {chosen.why}{because}"
    ctx.log.note(said, level="info" if chosen.exact else "warning")
    return chosen.interpreter, tuple(one for one in found if one != chosen.interpreter)


def env_key(locked: Locked, interpreter: Interpreter) -> str:
    """What an environment is made from: the list with its hashes, the interpreter, the platform, the builder."""
    builder = check([find_uv_bin(), "--version"], deadline=20).text.strip()
    return layers.key_of(
        "env", locked.text(), str(interpreter.version), str(interpreter.path), platform_name(), builder
    )


def open_bench(build: Build, interpreter: Interpreter) -> Bench:
    ctx = build.ctx
    return Bench(
        sandbox=ctx.seams.sandbox,
        app_id=build.project.app_id,
        tree=build.tree,
        home=build.folders.home,
        work=build.work / "deps",
        python=interpreter,
        indexes=of_this_host(),
        log=ctx.log,
        left=ctx.left,
        stop=ctx.stop,
        kill_id=ctx.kill_id,
    )


def _tell(build: Build, locked: Locked) -> None:
    added = ", ".join(f"{one.name} {one.version}" for one in locked.platform if one.name != "setuptools")
    if added:
        build.ctx.log.note(f"added by the platform: {added}")
    if locked.built:
        build.ctx.log.note(f"built from source: {', '.join(locked.built)}")


def _install(build: Build, bench: Bench, locked: Locked, wheels: Path, folder: Path) -> None:
    ctx = build.ctx
    disk.require(build.folders.home, ROOM, host=ctx.host)
    passable(folder.parent)
    with ctx.part(f"Install {len(locked)} dependencies"):
        install(bench, locked, wheels, folder)
