"""The step ``build_bundle``: a commit becomes layers and a manifest, and has proved that it starts.

Parts, in order: pack the code, choose Python, resolve, install (only when the env layer's key is new), check that it
starts (once more with what turned out to be missing), collect static files. Nothing is uploaded before all of it
succeeded; what a failed build packed goes with the next one, which packs its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dz.tasklib.build import layers, opening, trial
from dz.tasklib.build.completing import proven
from dz.tasklib.build.dependencies import Environment
from dz.tasklib.build.desk import Build, pack
from dz.tasklib.buildconfig import parse
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear
from dz.tasklib.guestcopy import guest_folder
from dz.tasklib.locks import locked
from dz.tasklib.machine import platform_name


def build_bundle(ctx: Context) -> Mapping[str, Any]:
    """Build, prove, pack; the bundle is a row when this returns, as it was before where nothing changed."""
    if same := _opened(ctx).get("same_as"):
        ctx.log.title(f"Take the bundle of release {same}")
        return {"bundle": ctx.door.bundle().id}
    project, release = ctx.door.project(), ctx.door.release()
    for name, value in release.environment.items():
        ctx.log.hide(name, value.reveal())
    folders = Folders(ctx.settings.home)
    with locked(folders.layers_lock(project.app_id), deadline=ctx.left(), check=ctx.check):
        tree = opening.checked_out(ctx, project, release.commit)
        config = parse(release.build_config)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="pack") as packer:
            build = Build(
                ctx=ctx, project=project, release=release, config=config, tree=tree, folders=folders, packer=packer
            )
            return _build(build)


def _build(build: Build) -> Mapping[str, Any]:
    ctx, release = build.ctx, build.release
    clear(build.work / "out")
    app = pack(build, "app", layers.key_of("app", release.commit), build.tree)
    ctx.midway()
    environment, proof = proven(build)
    static = trial.collect(build, environment, proof)
    with ctx.part("Pack the layers"):
        packed = [layer.result() for layer in (environment.layer, app, static) if layer]
    bundle = ctx.door.save_bundle(
        platform=platform_name(),
        layers=packed,
        manifest=manifest(build, environment, proof, static=static is not None),
    )
    return {
        "bundle": bundle.id,
        "env_reused": environment.reused,
        "layers": {layer.kind: layer.digest for layer in packed},
        "size": sum(layer.size for layer in packed),
    }


def manifest(build: Build, environment: Environment, proof: trial.Proof, *, static: bool) -> dict[str, Any]:
    """What a deployment must know beside its layers, and what tells two bundles apart for people."""
    config = build.config
    return {
        "project_root": config.project_root,
        "python": str(environment.interpreter.version),
        "packages": environment.packages,
        "migrations": [list(one) for one in proof.migrations],
        "migrates": proof.migrates,
        "brokerless": list(proof.brokerless),
        "settings_module": proof.settings_module,
        "wsgi": proof.wsgi,
        "asgi": proof.asgi,
        "python_path": list(config.additional_python_path_dirs),
        "site_media_map": [list(pair) for pair in config.site_media_map],
        "static_url": proof.static_url if static else "",
        "media_url": proof.media_url,
        "pages": list(proof.pages),
        "reads": sorted(trial.reads(build)),
        "hooks": [hook for hook in config.hooks if not hook.startswith("collectstatic")],
        "guest": guest_folder(build.ctx.settings.home).name,
        "inputs": _opened(build.ctx).get("inputs", ""),
    }


def _opened(ctx: Context) -> Mapping[str, Any]:
    """What the first step told."""
    return ctx.results.get("build_and_deploy", {})
