"""Make an appserver run what the rows of one project want: start the new beside the old, drain and stop what retires.

Level-triggered: a step reads the wanted rows again, so a doubled or late message makes nothing false. ``reconcile``
calls the same functions over all projects of the host.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dz.errors import Transient
from dz.seams.sandbox import network
from dz.seams.sandbox.launch import PORT_BUSY
from dz.tasklib import unsynced
from dz.tasklib.appserver import drain, ownredis, ports
from dz.tasklib.appserver.listening import has_port
from dz.tasklib.appserver.site import SAID, Place, Site, lay, program, sweep
from dz.tasklib.appserver.supervising import supervisor
from dz.tasklib.bringing import bring, bring_packed, store_of
from dz.tasklib.build.verdict import KEEP
from dz.tasklib.build.word import taken
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear, theirs
from dz.tasklib.guestcopy import compile_guest, guest_folder
from dz.tasklib.locks import held
from dz.tasklib.records import Deployment, Layer, Running
from dz.until import until
from dz.words import listing

STAYS = frozenset({"wanted", "healthy"})
SAYS = 30.0  # seconds that a release may take to be loaded before its bundle is proved without its help
LOOKS = 0.3  # seconds between two questions whether it still runs; each takes of what it is loaded with
SETTLED = 5.0  # seconds in which a program that was started runs or has told why not
GRACE = 5.0  # seconds that a supervisor's KILL comes after the longest wait for open requests


def deploy(ctx: Context) -> Mapping[str, Any]:
    """Fetch, extract and start this job's release beside the old one: web, the others follow once it answers."""
    app_id = ctx.door.project().app_id
    asked = ctx.results.get("build_bundle", {}).get("candidates")
    with held(ctx, Folders(ctx.settings.home).lock(app_id)):
        here = [_at_free_port(ctx, d) for d in ctx.door.deployments() if d.host == ctx.host and d.is_web]
        ownredis.have(ctx)
        for deployment in here:
            start(ctx, deployment, asked)
    told = {"deployments": [_told(d) for d in here]}
    if not (asked and here):
        return told
    said = _said(ctx, here[0])
    bundle = taken(ctx, said)
    return told | ({"said": said} if bundle is None else {"bundle": bundle.id, "proved": True})


def _said(ctx: Context, deployment: Deployment) -> str:
    """What its first web process says of the project once it has loaded it: JSON that is not checked yet, "" where it
    ended before, or has nothing to say."""
    release = Folders(ctx.settings.home).release(deployment.app_id, deployment.release)

    def there() -> bool:
        ctx.check()
        return os.path.lexists(release / SAID)  # what lies there the project decides, a link that leads nowhere too

    def over() -> bool:
        if until(there, LOOKS, every=0.01):
            return True
        status = supervisor(ctx).status().get(deployment.program)
        return status is None or status.state not in ("starting", "running")

    until(over, ctx.left(SAYS), every=0)
    text = theirs(release / SAID, KEEP).decode("ascii", "replace")
    return text if text.isprintable() else ""


def retire(ctx: Context) -> Mapping[str, Any]:
    """Stop what no route leads to any more, once its queue is empty; workers once their tasks are done."""
    leaving = [d for d in ctx.door.retiring() if d.host == ctx.host]
    beside = [d for d in leaving if not d.is_web]
    if beside:
        with ctx.part(f"Stop {listing([d.shown for d in beside])}"):
            supervisor(ctx).stop(*(d.program for d in beside))
    for deployment in (d for d in leaving if d.is_web):
        with ctx.part(f"Drain {deployment.shown}"):
            empty = drain.wait_drained(
                deployment.address, deployment.port, deadline=ctx.left(ctx.settings.drain), stop=ctx.stop
            )
            if not empty:
                ctx.log.note(
                    f"{deployment.shown} still had open requests after {ctx.settings.drain:.0f} s",
                    level="warning",
                )
    take_away(ctx, *leaving)
    ownredis.rest(ctx)
    return {"stopped": [d.program for d in leaving]}


def undeploy(ctx: Context) -> Mapping[str, Any]:
    """Destroy: stop every deployment of the project on this host and delete its files, logs and volume."""
    folders = Folders(ctx.settings.home)
    app_id = ctx.door.project().app_id
    gone = [d for d in ctx.door.unplace() if d.host == ctx.host]
    take_away(ctx, *gone)
    with held(ctx, folders.lock(app_id)):
        ownredis.stop(ctx, app_id)
        for folder in (folders.runs(app_id), *folders.all_volumes(app_id), folders.layers(app_id)):
            clear(folder)
    unsynced.drop_gone(ctx.settings.home)
    return {"stopped": [d.program for d in gone]}


def start(ctx: Context, deployment: Deployment, asked: Mapping[str, Sequence[str]] | None = None) -> None:
    """Have the deployment's program running here, if it still is to run; the caller holds the project's lock. With
    ``asked`` it will say what of these candidates works."""
    site = replace(site_of(ctx, ctx.door.running(deployment.id)), asked=asked)
    if site.running.deployment.state not in STAYS:
        return
    hide_secrets(ctx, site.running)
    with held(ctx, site.place.folders.layers_lock(site.app_id)):
        bring_layers(ctx, site)
    compile_guest(ctx.settings.home, site.place.guest, site.env_layer, site.running.bundle.manifest["python"])
    lay(site, ctx.seams.sandbox)
    ctx.midway()
    if served := _served(ctx, deployment):
        network.let_serve(ctx.settings.uid_base, served)
    supervisor(ctx).start(program(site, ctx.seams.sandbox, grace=ctx.settings.drain + GRACE))
    at = f" at {deployment.address}:{deployment.port}" if deployment.is_web else ""
    ctx.log.note(f"{deployment.program} starts{at}, in the sandbox rung {ctx.seams.sandbox.rung}")


def start_again(ctx: Context, deployment: Deployment) -> None:
    """What runs no more: at another port, if another program of this host took its own meanwhile. The caller holds the
    project's lock."""
    if lost_its_port(ctx, deployment):
        supervisor(ctx).stop(deployment.program)  # which still tries
    start(ctx, _at_free_port(ctx, deployment))


def start_anew(ctx: Context, here: Sequence[Deployment]) -> None:
    """Instead of what was started, what the release's bundle has become. Its workers too, where an attempt before this
    came as far: their folder goes."""
    app_id, folders = ctx.door.project().app_id, Folders(ctx.settings.home)
    with held(ctx, folders.lock(app_id)):
        supervisor(ctx).stop(*(one.program for one in ctx.door.deployments() if one.host == ctx.host))
        for deployment in here:
            sweep(folders, app_id, deployment.release, deployment.program)
        for deployment in here:
            start(ctx, _at_free_port(ctx, deployment))


def at_own_ports(ctx: Context, here: Sequence[Deployment]) -> list[Deployment]:
    """These web deployments of the job, as they are once each has a port where no stranger was quicker. All are started
    anew: one folder is all of theirs."""
    if not any(lost_its_port(ctx, one) for one in here):
        return list(here)
    start_anew(ctx, here)
    numbers = {one.id for one in here}
    return [one for one in ctx.door.deployments() if one.id in numbers]


def see_its_own_port(ctx: Context, deployment: Deployment) -> None:
    """What was answered there was answered by it. Raises Transient where another program of the host was quicker in the
    last moment, and answers for the release."""

    has = False

    def settled() -> bool:
        nonlocal has
        status = supervisor(ctx).status().get(deployment.program)
        has = has_port(status, deployment.address, deployment.port)
        starting = status is not None and status.state == "starting"
        return has or not starting or lost_its_port(ctx, deployment)

    until(settled, ctx.left(SETTLED), every=0.05)
    if not has and lost_its_port(ctx, deployment):
        raise Transient(f"port {deployment.port} of {deployment.program} is used by another program of this host")


def lost_its_port(ctx: Context, deployment: Deployment) -> bool:
    """Whether another program of this host was quicker, or has been since it did not run."""
    busy = f"exit {PORT_BUSY}"
    if not deployment.is_web or not any(
        end.name == deployment.program and end.how == busy for end in supervisor(ctx).ends()
    ):
        return False
    status = supervisor(ctx).status().get(deployment.program)
    return not has_port(status, deployment.address, deployment.port)


def _at_free_port(ctx: Context, deployment: Deployment) -> Deployment:
    """The rows know our own ports; a stranger of this host may have taken one of them, and then the next is used."""
    if not deployment.is_web:
        return deployment
    status = supervisor(ctx).status().get(deployment.program)
    if status is not None and status.pid is not None:
        return deployment
    last = ports.parse(ctx.settings.ports).stop
    while not ports.is_free(deployment.address, deployment.port):
        ctx.log.note(f"port {deployment.port} is used by another program of this host, trying the next")
        if served := _served(ctx, deployment):  # it would stay one that may answer there, whose site comes next
            network.take_serve(ctx.settings.uid_base, served)
        deployment = ctx.door.at_another_port(deployment.id, ports=range(deployment.port + 1, last))
    return deployment


def take_away(ctx: Context, *leaving: Deployment) -> None:
    """Stop all that is given of each release, at once, and delete its files. Done again it is harmless."""
    folders = Folders(ctx.settings.home)
    for app_id in {d.app_id for d in leaving}:
        ours = [d for d in leaving if d.app_id == app_id]
        with held(ctx, folders.lock(app_id)):
            supervisor(ctx).stop(*(d.program for d in ours))
            ctx.midway()
            for deployment in ours:
                if served := _served(ctx, deployment):
                    network.take_serve(ctx.settings.uid_base, served)
                sweep(folders, app_id, deployment.release, deployment.program)
                ctx.door.stopped(deployment.id)


def _served(ctx: Context, deployment: Deployment) -> network.Served | None:
    """Where nobody else may answer, as far as projects have uids of their own."""
    uid = ctx.seams.sandbox.uid(deployment.app_id)
    return network.Served(uid, deployment.address, deployment.port) if uid is not None and deployment.is_web else None


def site_of(ctx: Context, running: Running) -> Site:
    place = Place(
        folders=Folders(ctx.settings.home),
        guest=guest_folder(ctx.settings.home),
        scheme=ctx.settings.public_scheme,
        port=ctx.settings.public_port,
    )
    return Site(running=running, place=place)


def bring_layers(ctx: Context, site: Site) -> None:
    """Every layer of the bundle."""
    folders, store = site.place.folders, store_of(ctx, site.app_id)
    for layer in site.running.bundle.layers:
        if layer.kind == "app":
            brought = bring_packed(store, folders, site.app_id, layer)
        else:
            brought = bring(store, folders, site.app_id, layer, folders.layer(site.app_id, layer.kind, layer.key))
        if brought:
            ctx.log.note(f"{layer.kind} layer fetched, {_size(layer)}")


def hide_secrets(ctx: Context, running: Running) -> None:
    """What this release is given never shows in the job's log."""
    ctx.log.hide("database password", running.database.password.reveal())
    ctx.log.hide("SECRET_KEY", running.secret_key.reveal())
    if running.redis is not None:
        ctx.log.hide("Redis password", running.redis.password.reveal())
    for name, value in running.release.environment.items():
        ctx.log.hide(name, value.reveal())


def _told(deployment: Deployment) -> dict[str, Any]:
    return {
        "host": deployment.host,
        "address": deployment.address,
        "port": deployment.port,
        "instance_id": deployment.host,
    }


def _size(layer: Layer) -> str:
    return f"{layer.size / 1e6:.1f} MB"
