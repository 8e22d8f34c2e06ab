"""The proof that a bundle can run: its settings and application are imported, in the sandbox, before anything switches.

What was found out, and what becomes of it, is ``proof.py``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from dz.errors import UserError
from dz.log import Secret
from dz.seams.sandbox import Box, Network
from dz.tasklib.appserver.processes import celery_apps, lines
from dz.tasklib.build import disk
from dz.tasklib.build.dependencies import Environment
from dz.tasklib.build.desk import Build, here, pack
from dz.tasklib.build.owncode import OwnCode
from dz.tasklib.build.proof import Proof, judged, static_key
from dz.tasklib.build.verdict import KEEP, probe_result
from dz.tasklib.filled import Known, is_known, wants_redis
from dz.tasklib.folders import fresh
from dz.tasklib.guestbox import Start, public_url, spec_of, where_in_code
from dz.tasklib.guestcopy import compile_guest, guest_folder
from dz.tasklib.managing import manage
from dz.tasklib.records import Layer

SECONDS, COLLECTING = 120.0, 300.0  # a project may take to be imported, and to collect its static files


def prove(build: Build, environment: Environment) -> Proof:
    """Import the best candidates, keep the first that works. Raises UserError with the project's own line."""
    ctx, folder = build.ctx, _lay(build, environment)
    given = all_candidates(build)
    if not given["settings"]:
        raise UserError("settings.none-found")
    # Of a project that has none yet the static files are collected in the same breath.
    collect = "collectstatic" in build.config.hooks and ctx.door.live_build() is None
    spec = _spec(build, folder) | {"collect": collect, "candidates": given}
    marker = secrets.token_hex(16)
    with ctx.part("Check that it starts and collect static files" if collect else "Check that it starts"):
        finished = ctx.seams.sandbox.run(
            _box(build, environment, folder, spec, "probe", marker),
            deadline=ctx.left(SECONDS + COLLECTING if collect else SECONDS),
            on_output=None,
            stderr_to=ctx.log.output,
            cancelled=ctx.stop,
            keep=KEEP,
        )
        result = probe_result(finished.output, marker, folder / "own/app", code=finished.code)
    return judged(ctx, build.config, result, laid=True)


def collect(build: Build, environment: Environment, proof: Proof) -> Future[Layer] | None:
    """The static layer, or None for a project that has no static files app."""
    if not proof.collects:
        return None
    ctx, folder = build.ctx, _trial_folder(build)
    key = _static_key(build, environment, proof)
    known = ctx.door.find_layer("static", key)
    if known is not None:
        ctx.log.note("static files unchanged: the layer of an earlier release is used")
        return here(known)
    if not proof.collected:
        _collect(build, environment, proof)
    return pack(build, "static", key, folder / "static")


def _collect(build: Build, environment: Environment, proof: Proof) -> None:
    ctx, folder = build.ctx, _trial_folder(build) if proof.laid else _lay(build, environment)
    spec = _spec(build, folder) | {"settings_module": proof.settings_module, "wsgi": proof.wsgi, "asgi": proof.asgi}
    marker = secrets.token_hex(16)
    with ctx.part("Collect static files"):
        box = _box(build, environment, folder, spec, "manage", "collectstatic", "--noinput", marker=marker)
        manage(ctx, box, marker, root=folder / "own/app", deadline=ctx.left(COLLECTING))


def _static_key(build: Build, environment: Environment, proof: Proof) -> str:
    """Made from the same files and settings it is the same layer, whatever the commit and the other packages; asked to
    rebuild, none is."""
    made_from = proof.static_inputs or of_everything(environment.key, build.code, proof.settings_module)
    if build.ctx.params.get("rebuild"):
        made_from = f"release {build.release.number}"
    return static_key(build.ctx, made_from)


def of_everything(env_key: str, code: str, settings_module: str) -> str:
    """What static files are made from where nobody can tell: the project takes part in the collecting."""
    return f"{env_key} {code} {settings_module}"


def all_candidates(build: Build) -> dict[str, list[str]]:
    """What is tried, the best first."""
    return {
        "settings": candidates(build, "settings_module"),
        "wsgi": candidates(build, "wsgi_application"),
        "asgi": candidates(build, "asgi_application"),
        "celery": celery_apps(lines(build.config.text()).values()),
    }


def candidates(build: Build, field: str) -> list[str]:
    """The build config's value alone where a person confirmed it, else it and the losers in their order."""
    key = "django_settings_module" if field == "settings_module" else field
    value = str(getattr(build.config, key))
    if key in build.project.confirmed:
        return [value] if value else []
    others = [g.value for g in build.ctx.door.guesses(field)]
    return list(dict.fromkeys(v for v in (value, *others) if v))


def reads(build: Build) -> Sequence[str]:
    """Every variable that the code reads by name and that the platform can fill, as ``given.py`` writes it."""

    def named(field: str) -> set[str]:
        return {line for g in build.ctx.door.guesses(field) for line in g.value.splitlines()}

    known = {name for name in named("environment") if is_known(name, redis=True)}
    return [*known, *named("environment_off"), *named("environment_as")]


def _trial_folder(build: Build) -> Path:
    return build.work / "trial"


def _lay(build: Build, environment: Environment) -> Path:
    """``own``: a writable copy of the code and what else is the project's; ``static``: what it collects.

    Both lie in a folder of ours, so that a project can exchange neither for a link, and the guest's spec is beside
    them where no project writes.
    """
    folder = fresh(_trial_folder(build))
    own = fresh(folder / "own")
    disk.copy(build.tree, own / "app")
    if build.front_end:  # then the tree may be a layer
        disk.writable(own / "app")
    kept = OwnCode(home=build.folders.home, app_id=build.project.app_id, python=environment.python)
    kept.seed(own / "app")
    for name in ("media", "home"):
        (own / name).mkdir()
    for given in (own, fresh(folder / "static")):
        build.ctx.seams.sandbox.own(given, build.project.app_id)
    return folder


def _spec(build: Build, folder: Path) -> dict[str, Any]:
    settings = build.ctx.settings
    return spec_of(
        where_in_code(build.config),
        folder / "own/app",
        static=folder / "static",
        media=folder / "own/media",
        hosts=build.ctx.door.hostnames(),
        public=(settings.public_scheme, settings.public_port),
        release=build.release.number,
    )


def _box(
    build: Build,
    environment: Environment,
    folder: Path,
    spec: dict[str, Any],
    *command: str,
    marker: str = "",
) -> Box:
    ctx = build.ctx
    guest = guest_folder(ctx.settings.home)
    compile_guest(ctx.settings.home, guest, environment.folder, environment.python)
    told = folder / "guest.json"
    told.write_text(json.dumps(spec))
    start = Start(
        release=build.release,
        env_layer=environment.folder,
        guest=guest,
        spec=told,
        root=Path(spec["project_root"]),
        home=folder / "own/home",
        reads=reads(build),
        known=_known(build),
    )
    return start.box(
        *command,
        read=(told,),
        writable=(folder / "own", folder / "static"),
        network=Network.NONE,
        kill_id=ctx.kill_id,
        marker=marker,
    )


def _known(build: Build) -> Known:
    """As at run time, but for the database's password: a build never needs it, and reaches no server."""
    ctx = build.ctx
    database = replace(ctx.door.database(), password=Secret("no-database-while-building"))
    hosts = tuple(ctx.door.hostnames())
    redis = ctx.door.redis(wanted=wants_redis(build.release.build_config, build.release.environment))
    return Known(
        database=database,
        secret_key=secrets.token_urlsafe(50),
        hosts=hosts,
        url=public_url(ctx.settings.public_scheme, ctx.settings.public_port, hosts[0]) if hosts else "",
        redis=replace(redis, port=6379, password=Secret("no-redis-while-building")) if redis else None,
    )
