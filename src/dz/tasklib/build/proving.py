"""The step ``prove``: the proof of a bundle that was foreseen, once its release has started.

A line of code changed, or a dependency, and nearly always the proof learns what it learned of the live release. The
release, which has to load the project anyhow, says what it has found, and no second import is needed; of one that does
not say it, the bundle is proved as every other. Nothing leads to the release and nothing is migrated before this step
is done. Where the proof learned something else the bundle is made anew, and ``post_build_hooks`` starts the release
once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dz.tasklib import unsynced
from dz.tasklib.bringing import bring, store_of
from dz.tasklib.build.bundle import alone, building, finish, told
from dz.tasklib.build.completing import proven
from dz.tasklib.build.dependencies import Environment
from dz.tasklib.build.desk import Build, here
from dz.tasklib.build.proof import judged, started_with
from dz.tasklib.build.storing import bundle_upload
from dz.tasklib.build.verdict import said_result
from dz.tasklib.context import Context
from dz.tasklib.records import Bundle, Layer


def prove(ctx: Context) -> Mapping[str, Any]:
    """Have the bundle proved; ``restart``: what was started is not what it turned out to be."""
    if "foreseen" not in ctx.results["build_bundle"]:  # of a job that is older than the platform: the build proved it
        return {}
    foreseen = ctx.results["build_bundle"]["foreseen"]
    before = ctx.door.bundle()
    app = before.layer("app")
    assert app is not None, "a bundle has an app layer"
    with building(ctx) as build:
        if made := before.manifest["front_end"]:  # it is in the layer, and need not be made on this host
            build = replace(build, tree=_on_this_host(build, app), front_end=made)
        environment = _environment(build, before)
        if said := said_result(ctx.results.get("deploy", {}).get("said", "")):
            proof = judged(ctx, build.config, said, laid=False)
        else:
            environment, proof = proven(build, environment)
        after = finish(build, environment, here(app), proof)
    ctx.midway()
    bundle_upload(ctx)
    return told(after, environment) | {"restart": started_with(after) != foreseen}


def _environment(build: Build, bundle: Bundle) -> Environment:
    """That of the bundle."""
    layer = bundle.layer("env")
    assert layer is not None, "a bundle has an env layer"
    return Environment(
        key=layer.key,
        layer=here(layer),
        folder=_on_this_host(build, layer),
        python=bundle.manifest["python"],
        packages=bundle.manifest["packages"],
        reused=True,
    )


def _on_this_host(build: Build, layer: Layer) -> Path:
    """The layer's folder, fetched where another host built it."""
    folders, app_id = build.folders, build.project.app_id
    folder = folders.layer(app_id, layer.kind, layer.key)
    if not unsynced.is_whole(folders.home, folder):
        with alone(build):
            bring(store_of(build.ctx, app_id), folders, app_id, layer, folder)
    return folder
