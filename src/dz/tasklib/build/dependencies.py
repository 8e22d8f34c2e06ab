"""A project's environment: which Python, which distributions, and the env layer, built only when its key is new."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from dz.tasklib.bringing import bring, store_of
from dz.tasklib.build import interpreters, layers
from dz.tasklib.build.desk import Build, pack, platform_name
from dz.tasklib.build.installing import install
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.locking import Pinned, Room, build_missing, lock
from dz.tasklib.folders import clear
from dz.tasklib.records import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The env layer with its files on this host; ``reused``: nothing was installed for it."""

    layer: Layer
    folder: Path
    interpreter: Interpreter
    reused: bool


def provide(build: Build) -> Environment:
    """Choose Python, resolve, install what is new."""
    ctx, config = build.ctx, build.config
    interpreter = choose_python(build)
    room = open_room(build, interpreter)
    with ctx.part("Resolve dependencies"):
        pins = lock(
            room,
            installer=config.installer,
            files=config.pip_reqs,
            root=config.project_root,
            additions=additions(build, config.asgi_application),
        )
    pins, wheels = build_missing(room, pins)
    key = layers.key_of(
        "env", *(pin.line for pin in pins), str(interpreter.version), str(interpreter.path), platform_name()
    )
    folder = build.folders.layer(build.project.app_id, "env", key)
    known = ctx.door.find_layer("env", key)
    if known is not None and _here(build, known, folder):
        ctx.log.title(f"Build the bundle: {len(pins)} dependencies from the last env layer")
        ctx.log.note(f"env layer reused: {len(pins)} dependencies, none installed")
        return Environment(layer=known, folder=folder, interpreter=interpreter, reused=True)
    ctx.log.title(f"Build the bundle: install {len(pins)} dependencies")
    _install(build, room, pins, wheels, folder)
    layer = pack(build, "env", key, folder)
    return Environment(layer=layer, folder=folder, interpreter=interpreter, reused=False)


def choose_python(build: Build) -> Interpreter:
    ctx = build.ctx
    configured = [Path(path) for path in ctx.settings.pythons.split(":") if path]
    found = interpreters.find(configured, build.folders.cache / "pythons.json")
    django = next((g.value for g in ctx.door.guesses("django_version")), "")
    chosen = interpreters.choose(found, declared=build.config.python_version, django=django)
    ctx.log.note(chosen.why, level="info" if chosen.exact else "warning")
    return chosen.interpreter


def open_room(build: Build, interpreter: Interpreter) -> Room:
    folder = build.work / "room"
    (folder / "wheels").mkdir(parents=True, exist_ok=True)
    build.ctx.seams.sandbox.own(folder, build.project.app_id)
    return Room(
        ctx=build.ctx,
        folder=folder,
        uv=Path(sys.executable).with_name("uv"),
        python=interpreter,
        tree=build.tree,
        project=build.project.app_id,
    )


def additions(build: Build, asgi: str) -> list[str]:
    """What the platform brings: a server and the PostgreSQL driver of the project's Django.

    Django speaks psycopg 3 from 4.2 on, and psycopg2 from 2.9 on only since 3.1 (its release notes).
    """
    version = next((g.value for g in build.ctx.door.guesses("django_version")), "")
    try:
        django = Version(version)
    except InvalidVersion:
        django = Version("5.2")
    if django >= Version("4.2"):
        driver = "psycopg[binary]"
    else:
        driver = "psycopg2-binary" if django >= Version("3.1") else "psycopg2-binary<2.9"
    return ["gunicorn", driver, *(["uvicorn"] if asgi else [])]


def _here(build: Build, layer: Layer, folder: Path) -> bool:
    """Whether the layer's files are on this host, fetched if they are in the store."""
    if folder.exists():
        return True
    app_id = build.project.app_id
    if build.folders.packed(app_id, layer).exists() or build.ctx.door.is_uploaded(layer.digest):
        return bring(store_of(build.ctx), build.folders, app_id, layer, folder)
    return False


def _install(build: Build, room: Room, pins: tuple[Pinned, ...], wheels: Path, folder: Path) -> None:
    ctx = build.ctx
    folder.parent.mkdir(parents=True, exist_ok=True)
    for parent in (folder.parent, folder.parent.parent):
        parent.chmod(0o711)
    built = _copied(wheels, build.work / "wheels")
    with ctx.part(f"Install {len(pins)} dependencies"):
        install(
            pins,
            folder,
            python=room.python,
            uv=room.uv,
            cache=build.folders.cache / "uv",
            wheels=built,
            work=build.work,
            deadline=ctx.left(),
            on_output=ctx.log.output,
            cancelled=ctx.stop,
        )


def _copied(wheels: Path, into: Path) -> Path:
    """The built wheels where the project can't change them between their check and their use; hashes are checked."""
    clear(into)
    into.mkdir()
    for wheel in wheels.glob("*.whl"):
        if wheel.is_file() and not wheel.is_symlink():
            (into / wheel.name).write_bytes(wheel.read_bytes())
    return into
