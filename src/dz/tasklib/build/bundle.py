"""The step ``build_bundle``: a commit becomes layers and a manifest, and has proved that it starts.

Parts, in order: build the front ends, pack the code, choose Python, resolve, install (only when the env layer's key is
new), check that it starts (once more with what turned out to be missing), collect static files. What a failed build
packed goes with the next one, which packs its own.

Nothing is uploaded before all of it succeeded, but where the proof can be foreseen: then the release starts before it
(``proving.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from dz.tasklib.build import layers, opening, trial
from dz.tasklib.build.completing import proven
from dz.tasklib.build.dependencies import Environment, provide
from dz.tasklib.build.desk import Build, here, named, pack
from dz.tasklib.build.front_end import with_front_ends
from dz.tasklib.build.proof import LEARNED, Proof, started_with, static_key
from dz.tasklib.buildconfig import parse
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear
from dz.tasklib.guestbox import where_in_code
from dz.tasklib.guestcopy import guest_folder
from dz.tasklib.locks import locked
from dz.tasklib.machine import platform_name
from dz.tasklib.records import Bundle, Layer


def build_bundle(ctx: Context, *, foresee: bool = True) -> Mapping[str, Any]:
    """Build, prove, pack; the bundle is a row when this returns, as it was before where nothing changed.

    ``foreseen`` in its answer: what the release will be started with, though the proof is still to come;
    ``candidates``: what it would try."""
    if same := _opened(ctx).get("same_as"):
        ctx.log.title(f"Take the bundle of release {same}")
        return {"bundle": ctx.door.bundle().id}
    with building(ctx) as build, alone(build):
        build = with_front_ends(build)
        clear(build.work / "out")
        app = pack(build, "app", layers.key_of("app", build.code), build.tree)
        ctx.midway()
        environment = provide(build)
        if foresee and (bundle := foreseen(build, environment, app)):
            expected = {"foreseen": started_with(bundle), "candidates": trial.all_candidates(build)}
            return told(bundle, environment) | expected
        environment, proof = proven(build, environment)
        return told(finish(build, environment, app, proof), environment)


@contextmanager
def building(ctx: Context) -> Iterator[Build]:
    """What a build of this job's release works with; no other of the project is at work on this host."""
    project, release = ctx.door.project(), ctx.door.release()
    for name, value in release.environment.items():
        ctx.log.hide(name, value.reveal())
    folders = Folders(ctx.settings.home)
    with locked(folders.build_lock(project.app_id), deadline=ctx.left(), check=ctx.check):
        tree = opening.checked_out(ctx, project, release.commit)
        config = parse(release.build_config)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="pack") as packer:
            build = Build(
                ctx=ctx, project=project, release=release, config=config, tree=tree, folders=folders, packer=packer
            )
            yield build


@contextmanager
def alone(build: Build) -> Iterator[None]:
    """Nobody else has layers of the project in hand on this host."""
    lock = build.folders.layers_lock(build.project.app_id)
    with locked(lock, deadline=build.ctx.left(), check=build.ctx.check):
        yield


def foreseen(build: Build, environment: Environment, app: Future[Layer]) -> Bundle | None:
    """The bundle as it is if the proof learns what it learned of the live release; None where that is no fair guess:
    the repository says something else of itself, a package had to be left out, nothing is live, an earlier version of
    the platform made that, which learned less, or each commit's static files are others."""
    live = None if build.ctx.params.get("rebuild") else build.ctx.door.live_build()
    if live is None or build.incomplete or environment.left_out or live[0].build_config != build.config.text():
        return None
    before = live[1]
    if not before.manifest.keys() >= {*LEARNED}:
        return None
    static = before.layer("static")
    if static is not None and (_changes(build, before, static) or not build.ctx.door.find_layer("static", static.key)):
        return None
    learned = {name: before.manifest[name] for name in LEARNED}
    return _save(build, environment, app, here(static) if static else None, learned)


def _changes(build: Build, before: Bundle, static: Layer) -> bool:
    """Whether those static files were made from all of the code, as the next will be."""
    env = before.layer("env")
    assert env is not None, "a bundle has an env layer"
    code = named(before.commit, before.manifest["front_end"])
    made_from = trial.of_everything(env.key, code, before.manifest["settings_module"])
    return static.key == static_key(build.ctx, made_from)


def finish(build: Build, environment: Environment, app: Future[Layer], proof: Proof) -> Bundle:
    """Collect the static files of a project that was proved; the bundle as it is to stay."""
    static = trial.collect(build, environment, proof)
    inputs = "" if build.incomplete else _opened(build.ctx).get("inputs", "")
    return _save(build, environment, app, static, proof.learned(static=static is not None) | {"inputs": inputs})


def _save(
    build: Build,
    environment: Environment,
    app: Future[Layer],
    static: Future[Layer] | None,
    learned: dict[str, Any],
) -> Bundle:
    with build.ctx.part("Pack the layers"):
        packed = [layer.result() for layer in (environment.layer, app, static) if layer]
    return build.ctx.door.save_bundle(
        platform=platform_name(), layers=packed, manifest=manifest(build, environment) | learned
    )


def told(bundle: Bundle, environment: Environment) -> dict[str, Any]:
    """What a step that built says of it."""
    return {
        "bundle": bundle.id,
        "env_reused": environment.reused,
        "layers": {layer.kind: layer.digest for layer in bundle.layers},
        "size": sum(layer.size for layer in bundle.layers),
    }


def manifest(build: Build, environment: Environment) -> dict[str, Any]:
    """What a deployment must know beside its layers and what the proof learns, and what tells two bundles apart for
    people."""
    config = build.config
    return {
        **where_in_code(config),
        "python": environment.python,
        "packages": environment.packages,
        "reads": sorted(trial.reads(build)),
        "hooks": [hook for hook in config.hooks if not hook.startswith("collectstatic")],
        "guest": guest_folder(build.ctx.settings.home).name,
        "front_end": build.front_end,
    }


def _opened(ctx: Context) -> Mapping[str, Any]:
    """What the first step told."""
    return ctx.results.get("build_and_deploy", {})
