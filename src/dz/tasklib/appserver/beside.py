"""The processes beside web. Workers start once web answers; a scheduler once nothing of an older release is left.

What can't run is not started, and that is told: in the job's log and by ``dz ps``. A worker that dies fails no deploy:
the site answers without it, and it may only wait for a service that is away.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from dz.run import DeadlinePassed
from dz.seams.supervisor import Status
from dz.tasklib.appserver import processes
from dz.tasklib.appserver.blame import last_words
from dz.tasklib.appserver.deployments import site_of, start
from dz.tasklib.appserver.site import Site
from dz.tasklib.appserver.supervising import supervisor
from dz.tasklib.build.verdict import Broker
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders
from dz.tasklib.locks import held
from dz.tasklib.records import Deployment
from dz.until import until
from dz.words import listing

BROKER = re.compile(r"BROKER|AMQP|RABBIT|REDIS")  # in the name of a variable
USUAL = "CELERY_BROKER_URL"
SECONDS = 60.0  # for an application to be imported
SHOWS = 5.0  # seconds since its start in which one that can't run mostly ends
AILS = frozenset({"backoff", "fatal", "exited"})


def unknown_brokers(site: Site, here: Sequence[Deployment]) -> list[str]:
    """The Celery applications whose broker only they can tell: none where a variable names one."""
    if _is_named(site):
        return []
    return processes.celery_apps(_line(site, deployment) for deployment in here)


def settle(ctx: Context, sites: Sequence[Site], known: Mapping[str, Broker]) -> list[tuple[Deployment, str]]:
    """Take out what can't run at all; the others are returned, each with its line. To ask a Celery application for its
    broker takes as long as importing it: what a hook asked on its way is ``known``, else it is done while web starts.
    """
    brokers: dict[str, str] = {}  # application → what is wrong with its broker
    fit = []
    for site in sites:
        deployment = site.running.deployment
        line = _line(site, deployment)
        words, why = processes.argv(line)
        app = None if _is_named(site) or _names_itself(site, words) else processes.celery_app(words)
        if app is not None and app not in brokers:
            brokers[app] = _no_broker(ctx, known.get(app) or _ask(ctx, site, app))
        why = why or brokers.get(app or "", "")
        if why:
            ctx.door.not_started(deployment.id, why)
            ctx.log.note(f"{deployment.process} is not started: {why}", level="warning")
        else:
            fit.append((deployment, line))
    return fit


def begin(ctx: Context, fit: Sequence[tuple[Deployment, str]]) -> None:
    """Start what may run beside the old release."""
    for deployment, line in fit:
        if processes.is_single(processes.kind(deployment.process), line):
            ctx.log.note(f"{deployment.process} starts when nothing of the old release runs any more")
            continue
        with held(ctx, _lock(ctx, deployment)):
            start(ctx, deployment)
        ctx.door.healthy(deployment.id)


def look_after(ctx: Context) -> Mapping[str, Any]:
    """A job's last look at the processes beside web: its scheduler starts, and who keeps dying is told."""
    app_id, began = ctx.door.project().app_id, set(supervisor(ctx).status())
    begin_singles(ctx, app_id)
    ctx.midway()
    here = [d for d in ctx.door.deployments() if d.host == ctx.host and not d.is_web and d.state != "wanted"]
    waited_for = began & {d.program for d in here}
    until(lambda: _have_shown(supervisor(ctx).status(), waited_for), ctx.left(SHOWS), every=0.2)
    ended, status = {one.name for one in supervisor(ctx).ends()}, supervisor(ctx).status()
    ailing = [d for d in here if d.program in status and _ails(status[d.program], ended)]
    for deployment in ailing:
        _tell(ctx, deployment, status[deployment.program])
    return {"processes": [d.process for d in here], "ailing": [d.process for d in ailing]}


def _have_shown(status: Mapping[str, Status], names: Collection[str]) -> bool:
    """Whether each has died, or lived for a while."""
    young = (one for name, one in status.items() if name in names and one.state == "starting")
    return all((one.since or 0.0) >= SHOWS for one in young)


def _ails(status: Status, ended: Collection[str]) -> bool:
    return status.state in AILS or (status.state == "starting" and status.name in ended)


def begin_singles(ctx: Context, app_id: str | None = None) -> None:
    """Start this host's schedulers of live releases, each only if no process of an older release may still run. The
    rows say so, of whatever host; one on a host that is silent may."""
    for deployment in ctx.door.singles():
        if app_id not in (None, deployment.app_id):
            continue
        with held(ctx, _lock(ctx, deployment)):
            older = ctx.door.before(deployment)
            if older:
                names = listing([f"{d.process} of release {d.release} on {d.host}" for d in older])
                ctx.log.note(f"{deployment.process} waits for the end of {names}", level="warning")
                continue
            start(ctx, deployment)
            ctx.door.healthy(deployment.id)


def _line(site: Site, deployment: Deployment) -> str:
    lines = processes.lines(site.running.release.build_config)
    return lines.get(processes.kind(deployment.process), "")


def _is_named(site: Site) -> bool:
    """Whether a variable names a broker, its owner's or that of its own Redis: then no application is asked for one."""
    given = site.running.release.environment
    return site.running.redis is not None or any(
        BROKER.search(name) and value.reveal() for name, value in given.items()
    )


def _names_itself(site: Site, words: Sequence[str]) -> bool:
    """Whether a line does, by Celery's option or a variable that it sets; ``$NAME`` does where NAME has a value."""
    given = site.running.release.environment
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name in ("-b", "--broker"):
            value = value if equals else following
        elif not BROKER.search(name):
            continue
        if value and ("$" not in value or any(one in value and given[one].reveal() for one in given)):
            return True
    return False


def _no_broker(ctx: Context, told: Broker) -> str:
    """Why a process of that Celery application would wait for ever, or ""."""
    if told.error:
        return ""  # it will say so itself
    url = told.url[:80]
    act = f"give one: dz env set {ctx.door.project().name} {_variable(ctx)}"
    if not url:
        return f"no broker is named; {act}"
    return f"nothing answers at its broker {url}; {act}" if told.answers is False else ""


def _ask(ctx: Context, site: Site, app: str) -> Broker:
    marker = secrets.token_hex(16)
    with ctx.part("Look for the broker of Celery"):
        box = site.box("broker", app, marker, kill_id=ctx.kill_id)
        try:
            finished = ctx.seams.sandbox.run(box, deadline=ctx.left(SECONDS), cancelled=ctx.stop)
        except DeadlinePassed as late:  # its worker may be as slow, or never come to it: that fails no deploy
            return Broker(error=str(late))
    try:
        return Broker.model_validate_json(finished.output.rpartition(marker.encode())[2])
    except ValidationError:
        return Broker(error="no answer")


def _variable(ctx: Context) -> str:
    """The variable from which the project reads its broker, as far as the inspection found one."""
    names = {line for guess in ctx.door.guesses("environment") for line in guess.value.splitlines()}
    fit = sorted(name for name in names if BROKER.search(name))
    return next((name for name in fit if "BROKER" in name), fit[0] if fit else USUAL)


def _tell(ctx: Context, deployment: Deployment, status: Status) -> None:
    site = site_of(ctx, ctx.door.running(deployment.id))
    why = last_words(site.tail(), root=str(site.code)) or status.detail or status.state
    ctx.log.note(f"{deployment.process} does not stay up, and is tried again: {why}", level="warning")


def _lock(ctx: Context, deployment: Deployment) -> Any:
    return Folders(ctx.settings.home).lock(deployment.app_id)
