"""A host compares itself with zoomdb and makes true what is wanted: the same functions as the jobs' steps, over all
projects. Runs at a worker's start and whenever the dispatcher asks; what fails for one project never stops the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial

from dz.errors import DzError
from dz.log import get_logger
from dz.names import AppId
from dz.seams.dbserver import DatabaseServer
from dz.seams.supervisor import Status
from dz.tasklib import unsynced
from dz.tasklib.appserver import beside, deployments, ownredis, volumes
from dz.tasklib.appserver.supervising import supervisor
from dz.tasklib.appserver.watch import ENDED
from dz.tasklib.build import caches, leftovers
from dz.tasklib.build.storing import drop_old_layers
from dz.tasklib.context import Context
from dz.tasklib.database import backups
from dz.tasklib.database.databases import lock_of
from dz.tasklib.folders import Folders, clear
from dz.tasklib.locks import held
from dz.tasklib.proxy import routes
from dz.tasklib.records import Database, Deployment, Redis, Route

_KINDS = ("build", "run", "layers", "volumes")
_PROGRAM = re.compile(r"p[0-9]{8}-[0-9]+-[a-z0-9._-]+")

log = get_logger()


def reconcile(ctx: Context) -> None:
    """What this host's role calls for."""
    {"appserver": _appserver, "proxy": _proxy, "database": _database, "build": _build}[ctx.settings.role](ctx)
    _each("unsynced", partial(unsynced.sync, ctx.settings.home))


def _appserver(ctx: Context) -> None:
    leaving: dict[str, list[Deployment]] = {}
    for deployment in ctx.door.unwanted_on(ctx.host):
        leaving.setdefault(deployment.app_id, []).append(deployment)
    for app_id, gone in leaving.items():
        _each(app_id, partial(deployments.take_away, ctx, *gone))
    ran = supervisor(ctx).status()  # before the rows: what a step starts meanwhile is no stranger
    wanted = {d.program: d for d in ctx.door.wanted_on(ctx.host)}
    _stop_doubtful(ctx, wanted.values())
    running = supervisor(ctx).status()
    for name, deployment in wanted.items():
        if deployment.state == "healthy" and not _runs(ctx, deployment, running.get(name)):
            _each(name, partial(_start, ctx, deployment))
    holders = ownredis.holders(ctx)
    redises = {redis.program: redis for redis in ctx.door.redises_on(ctx.host)}
    for app_id in holders - {redis.app_id for redis in redises.values()}:
        _each(app_id, partial(_stop_redis, ctx, app_id))
    for redis in redises.values():
        _each(redis.program, partial(_run_redis, ctx, redis))
    _each("schedulers", partial(beside.begin_singles, ctx))
    for name in ran:
        if name not in wanted and name not in redises and _PROGRAM.fullmatch(name):
            _each(name, partial(_stop_stranger, ctx, name))
    _each("backups", partial(backups.clear_old, ctx, volumes.KIND))
    for deployment in wanted.values():
        _each(deployment.program, partial(_bring_code, ctx, deployment))
    _drop_old(ctx)


def _bring_code(ctx: Context, deployment: Deployment) -> None:
    """Of a site that an earlier version of the platform started, which kept its code unpacked, for its commands."""
    folders, app_id = Folders(ctx.settings.home), deployment.app_id
    if any(folders.layers(app_id).glob("app-*.tar.zst")):
        return
    with held(ctx, folders.layers_lock(app_id), most=60):
        deployments.bring_layers(ctx, deployments.site_of(ctx, ctx.door.running(deployment.id)))


def _stop_doubtful(ctx: Context, wanted: Iterable[Deployment]) -> None:
    """After a power cut the supervisor may run what was not on the disk yet: it is made and started anew."""
    doubtful = unsynced.doubtful(ctx.settings.home)
    for deployment in wanted if doubtful else ():
        if doubtful & deployments.site_of(ctx, ctx.door.running(deployment.id)).parts:
            _each(deployment.program, partial(supervisor(ctx).stop, deployment.program))


def _runs(ctx: Context, deployment: Deployment, status: Status | None) -> bool:
    """Or will by itself: who waits for a port that another program has would wait in vain."""
    if status is None or status.state in ENDED:
        return False
    return status.state == "running" or not deployments.lost_its_port(ctx, deployment)


# Steps run beside this, and so may another reconcile: what is done to a project is decided by its rows once its lock is
# ours.


def _locked(ctx: Context, app_id: AppId) -> AbstractContextManager[None]:
    return held(ctx, Folders(ctx.settings.home).lock(app_id), most=60)


def _start(ctx: Context, deployment: Deployment) -> None:
    with _locked(ctx, deployment.app_id):
        deployments.start_again(ctx, ctx.door.running(deployment.id).deployment)


def _stop_stranger(ctx: Context, name: str) -> None:
    with _locked(ctx, AppId(name.partition("-")[0])):
        wanted: list[Deployment | Redis] = [*ctx.door.wanted_on(ctx.host), *ctx.door.redises_on(ctx.host)]
        if name not in {one.program for one in wanted}:
            supervisor(ctx).stop(name)


def _run_redis(ctx: Context, redis: Redis) -> None:
    with _locked(ctx, redis.app_id):
        for now in ctx.door.redises_on(ctx.host):
            if now.app_id == redis.app_id:
                ownredis.run(ctx, now)


def _stop_redis(ctx: Context, app_id: AppId) -> None:
    with _locked(ctx, app_id):
        if app_id not in {redis.app_id for redis in ctx.door.redises_on(ctx.host)}:
            ownredis.stop(ctx, app_id)


def _proxy(ctx: Context) -> None:
    proxy = routes.proxy(ctx)
    applied = proxy.applied()
    for route in ctx.door.routes():
        if route.deployments or route.resting:
            _each(route.app_id, partial(_route, ctx, route, applied.get(route.app_id)))
    alive = ctx.door.app_ids()
    for app_id in applied:
        if app_id not in alive:
            _each(app_id, partial(proxy.apply, app_id, None))
    _each("places", proxy.free_places)


def _route(ctx: Context, route: Route, applied: str | None) -> None:
    if applied != routes.proxy(ctx).digest_of(routes.site_of(ctx, route)):
        routes.apply(ctx, route)


def _database(ctx: Context) -> None:
    server = ctx.seams.dbserver
    assert server is not None, "reconcile of a database host has its server"
    for database in ctx.door.databases(ctx.host):
        _each(database.name, partial(_have, ctx, server, database))
    _each("backups", partial(backups.clear_old, ctx, backups.KIND))


def _have(ctx: Context, server: DatabaseServer, database: Database) -> None:
    """Asked for again before it is brought back: it may have gone while we looked at others."""
    if server.exists(database):
        return
    with held(ctx, lock_of(ctx, database), most=60):
        if database.name in {one.name for one in ctx.door.databases(ctx.host)}:
            server.create(database)


def _build(ctx: Context) -> None:
    for app_id in ctx.door.app_ids():
        _each(app_id, partial(leftovers.drop, ctx.settings.home, AppId(app_id)))
    _each("caches", partial(caches.drop, Folders(ctx.settings.home).cache))
    _drop_old(ctx)


def _drop_old(ctx: Context) -> None:
    """Layers that no kept release needs, and folders of projects that are gone."""
    for app_id in ctx.door.app_ids():
        _each(app_id, partial(drop_old_layers, ctx, AppId(app_id)))
    _drop_strangers(ctx)


def _drop_strangers(ctx: Context) -> None:
    """Folders of projects that are destroyed. They are listed before the projects are asked for, so that a project
    which begins meanwhile is never taken for a stranger."""
    home = ctx.settings.home
    folders = [folder for kind in _KINDS if (home / kind).exists() for folder in (home / kind).iterdir()]
    alive = ctx.door.app_ids()
    for folder in folders:
        if folder.name.partition(".")[0] not in alive:
            _each(folder.name, partial(clear, folder))


def _each(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except (DzError, OSError, LookupError, AssertionError, ValueError) as error:
        log.error("reconcile.failed", what=what, error=f"{type(error).__name__}: {error}")
