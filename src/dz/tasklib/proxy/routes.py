"""Hostnames to the live release: the job's commit point, and its reversal.

Static files of the live release and of the two versions before lie on the proxy, so that pages that are open keep their
assets; the live release's are looked at first. A release of an older bundle brings its files before the switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dz.errors import PlatformError
from dz.names import AppId
from dz.seams.proxy import Proxy, Site, Upstream
from dz.tasklib import unsynced
from dz.tasklib.bringing import bring, store_of
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear
from dz.tasklib.records import Route


def proxy_update(ctx: Context) -> Mapping[str, Any]:
    """Write, test, swap, reload, wait until no old nginx worker is left; then the release is live in zoomdb."""
    route = ctx.door.route()
    if not route.deployments:
        raise PlatformError("no deployment of this release is healthy, so nothing was switched")
    lingering = apply(ctx, route)
    ctx.midway()
    ctx.door.switched()
    if lingering:
        ctx.log.note(f"{lingering} old nginx workers still finish long requests", level="warning")
    ctx.log.note(f"{', '.join(route.hostnames)} now lead{'s'[len(route.hostnames) > 1 :]} to release {route.release}")
    return {"release": route.release, "hostnames": list(route.hostnames)}


def rest(ctx: Context) -> None:
    """The project is wanted nowhere from now on, and a plain page says so. Where the proxy does not follow, that is
    said: reconcile stops what runs all the same, and visitors are led to what is gone."""
    ctx.door.rest()
    try:
        apply(ctx, ctx.door.route())
    except PlatformError as error:
        raise type(error)(error.detail, id="project.rests-half") from error
    ctx.log.note("a plain page says that the site rests")


def proxy_remove(ctx: Context) -> None:
    """The project goes, from now on, and no address leads to it."""
    ctx.door.begin_destroying()
    app_id = ctx.door.project().app_id
    proxy(ctx).apply(app_id, None, wait=ctx.left(30))
    clear(Folders(ctx.settings.home).statics(app_id))
    unsynced.drop_gone(ctx.settings.home)
    ctx.log.note("the site is off the proxy")


def apply(ctx: Context, route: Route) -> int:
    """Make the proxy serve this route; returns how many workers with the old configuration linger."""
    lingering = proxy(ctx).apply(route.app_id, site_of(ctx, route), wait=ctx.left(30))
    _drop_old_statics(ctx, route)
    return lingering


def site_of(ctx: Context, route: Route) -> Site:
    """The proxy's value for a route, its static layers brought here first."""
    folders, store = Folders(ctx.settings.home), store_of(ctx, route.app_id)
    roots = []
    for release in sorted(route.static_layers, key=lambda number: (number == route.release, number), reverse=True):
        layer = route.static_layers[release]
        into = folders.static(route.app_id, layer.key)
        bring(store, folders, route.app_id, layer, into)
        if into not in roots:
            roots.append(into)
    return Site(
        app_id=route.app_id,
        hostnames=route.hostnames,
        upstreams=tuple(Upstream(address=d.address, port=d.port) for d in route.deployments),
        static_url=route.static_url if roots else "",
        static_roots=tuple(roots),
        release=route.release or 0,
        resting=route.resting,
    )


def proxy(ctx: Context) -> Proxy:
    assert ctx.seams.proxy is not None, "a step of the proxy queue ran elsewhere"
    return ctx.seams.proxy


def _drop_old_statics(ctx: Context, route: Route) -> None:
    folders = Folders(ctx.settings.home)
    keep = {folders.static(route.app_id, layer.key) for layer in route.static_layers.values()}
    for folder in _folders_in(folders, route.app_id):
        if folder not in keep:
            clear(folder)


def _folders_in(folders: Folders, app_id: AppId) -> list[Path]:
    statics = folders.statics(app_id)
    return list(statics.iterdir()) if statics.exists() else []
