"""A host compares itself with zoomdb and makes true what is wanted: the same functions as the jobs' steps, over all
projects. Runs at a worker's start and whenever the dispatcher asks; what fails for one project never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable

from dz.errors import DzError
from dz.log import get_logger
from dz.names import AppId
from dz.tasklib.appserver import deployments
from dz.tasklib.appserver.locks import locked
from dz.tasklib.build.storing import drop_old_layers
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear
from dz.tasklib.proxy import routes
from dz.tasklib.records import Deployment

log = get_logger()


def reconcile(ctx: Context) -> None:
    """What this host's role calls for."""
    {"appserver": _appserver, "proxy": _proxy, "database": _database, "build": _build}[ctx.settings.role](ctx)


def _appserver(ctx: Context) -> None:
    for deployment in ctx.door.unwanted_on(ctx.host):
        _each(deployment.program, lambda d=deployment: deployments.take_away(ctx, d))  # type: ignore[misc]
    wanted = {d.program: d for d in ctx.door.wanted_on(ctx.host)}
    running = deployments.supervisor(ctx).status()
    for name, deployment in wanted.items():
        if name not in running and deployment.state == "healthy":
            _each(name, lambda d=deployment: _start(ctx, d))  # type: ignore[misc]
    folders, alive = Folders(ctx.settings.home), ctx.door.app_ids()
    for name in running:
        if name not in wanted and deployments.program_of(AppId(name[:9]), name):
            _each(name, lambda n=name: deployments.supervisor(ctx).stop(n))  # type: ignore[misc]
    _drop_strangers(folders, alive)


def _start(ctx: Context, deployment: Deployment) -> None:
    with locked(Folders(ctx.settings.home).lock(deployment.app_id), deadline=ctx.left(60), check=ctx.check):
        deployments.start(ctx, deployment)


def _proxy(ctx: Context) -> None:
    proxy, wanted = routes.proxy(ctx), {r.app_id: r for r in ctx.door.routes()}
    applied = proxy.applied()
    for app_id, route in wanted.items():
        if route.deployments and applied.get(app_id) != proxy.digest_of(routes.site_of(ctx, route)):
            _each(app_id, lambda r=route: routes.apply(ctx, r))  # type: ignore[misc]
    for app_id in applied:
        if app_id not in ctx.door.app_ids():
            _each(app_id, lambda a=app_id: proxy.apply(a, None))  # type: ignore[misc]


def _database(ctx: Context) -> None:
    server = ctx.seams.dbserver
    assert server is not None
    for database in ctx.door.databases(ctx.host):
        if not server.exists(database):
            _each(database.name, lambda d=database: server.create(d))  # type: ignore[misc]


def _build(ctx: Context) -> None:
    for app_id in ctx.door.app_ids():
        _each(app_id, lambda a=AppId(app_id): drop_old_layers(ctx, a))  # type: ignore[misc]
    _drop_strangers(Folders(ctx.settings.home), ctx.door.app_ids())


def _drop_strangers(folders: Folders, alive: frozenset[str]) -> None:
    """Folders of projects that are destroyed."""
    for kind in ("build", "run", "layers", "volumes"):
        root = folders.home / kind
        for folder in root.iterdir() if root.exists() else ():
            if folder.name not in alive:
                clear(folder)


def _each(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except (DzError, OSError) as error:
        log.error("reconcile.failed", what=what, error=str(error))
