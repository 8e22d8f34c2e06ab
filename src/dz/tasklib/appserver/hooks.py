"""After a release started and before anything leads to it: the hooks, then a healthy answer, then its workers.

Migrations run one at a time per project (an advisory lock that the migrating connection holds, in the guest).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dz.errors import DzError, PlatformError, UserError
from dz.seams.dbserver.away import excused
from dz.tasklib.appserver import beside, health, pages, styles
from dz.tasklib.appserver.deployments import at_own_ports, see_its_own_port, site_of, start_anew
from dz.tasklib.appserver.migrated import is_migrated
from dz.tasklib.appserver.site import Site
from dz.tasklib.appserver.supervising import supervisor
from dz.tasklib.appserver.watch import Watch
from dz.tasklib.build.verdict import Broker, HookResult
from dz.tasklib.context import Context
from dz.tasklib.managing import manage
from dz.tasklib.records import Deployment, Running


def post_build_hooks(ctx: Context) -> Mapping[str, Any]:
    """Run the release's hooks once, then see every deployment of it answer."""
    if "foreseen" in ctx.results.get("build_bundle", {}) and "prove" not in ctx.results:
        raise PlatformError("this job is older than the platform, which has a step since that proves its bundle")
    all_here = [d for d in ctx.door.deployments() if d.host == ctx.host]
    here = [d for d in all_here if d.is_web]
    others = [d for d in all_here if not d.is_web]
    assert here, "a release has web, and all of it is on one host"
    if ctx.results.get("prove", {}).get("restart"):
        start_anew(ctx, here)
    here = at_own_ports(ctx, here)
    told: dict[str, Any] = {"migrations": [], "adminless": None}
    live = ctx.door.live_here()
    sites = [site_of(ctx, ctx.door.running(deployment.id)) for deployment in here]
    site = sites[0]
    brokers = brokerless(ctx, site)
    applications = [app for app in beside.unknown_brokers(site, others) if app not in brokers]
    for command in site.running.bundle.manifest.get("hooks", ()):
        result = _hook(ctx, site, live, str(command), applications)
        brokers |= result.brokers
        told["migrations"] += [".".join(migration) for migration in result.applied]
        if result.adminless is not None:
            told["adminless"] = result.adminless
    fit = beside.settle(ctx, [site.beside(one) for one in others], brokers)
    ctx.midway()
    for deployment, one in zip(here, sites, strict=True):
        answer = _see_it_answer(ctx, one, deployment)
        ctx.door.healthy(deployment.id)
    told["status"] = answer.status
    styles.tell_missing(ctx, sites[-1], pages.visit_of(sites[-1], here[-1]), answer)
    told["pages"] = {"/": told["status"], **pages.compared(ctx, site, here[0], live)}
    beside.begin(ctx, fit)
    return told


def brokerless(ctx: Context, site: Site) -> dict[str, Broker]:
    """Celery applications of which the build's probe saw, with these variables, that they name no broker."""
    if not (ctx.built or ctx.door.was_proved_so()):
        return {}
    return {str(app): Broker() for app in site.running.bundle.manifest.get("brokerless", ())}


def _hook(ctx: Context, site: Site, live: Running | None, command: str, applications: Sequence[str]) -> HookResult:
    """One management command in the release's own sandbox. A migrate, which imports the project anyhow, also asks these
    Celery applications for their brokers."""
    words = command.split()
    if words == ["migrate"] and is_migrated(ctx, site.running, live):
        ctx.log.title("No migrations to run")
        ctx.log.note("migrate is not run: the database has every migration, and nothing else of it changed")
        return HookResult(command="migrate", ok=True)
    with ctx.part(f"manage.py {command}"):
        try:
            result = run_command(ctx, site, *words, applications=applications if words[0] == "migrate" else ())
        except UserError:
            if words[0] != "migrate":
                ctx.log.title(f"Run {words[0]}")  # the migrations did not fail
            raise
    if words[0] == "migrate":
        count = len(result.applied)
        ctx.log.title(f"Run {count} migration{'' if count == 1 else 's'}" if count else "No migrations to run")
    return result


def run_command(ctx: Context, site: Site, *words: str, applications: Sequence[str] = ()) -> HookResult:
    """A management command in the release's sandbox. Raises UserError as ``verdict`` says."""
    options = () if "--noinput" in words or words[0] not in ("migrate", "collectstatic") else ("--noinput",)
    marker = secrets.token_hex(16)
    box = site.box("manage", *words, *options, kill_id=ctx.kill_id, marker=marker)
    box = replace(box, env={**box.env, "DZ_GUEST_BROKERS": json.dumps(applications)})
    with excused(site.running.database):
        return manage(ctx, box, marker, root=site.code, deadline=ctx.left())


def _see_it_answer(ctx: Context, site: Site, deployment: Deployment) -> health.Answer:
    with ctx.part(f"Wait for a healthy answer of {deployment.shown}"), excused(site.running.database):
        answer = _answer(ctx, site, deployment)
        see_its_own_port(ctx, deployment)  # a stranger's answer, good or bad, is none
        if isinstance(answer, DzError):
            ctx.log.title("Wait for a healthy answer")  # the migrations did not fail
            ctx.log.output(site.tail().encode())  # the site's own words: its log goes with the release
            raise answer
        ctx.log.note(f"{answer.path} answers {answer.status}")
    return answer


def _answer(ctx: Context, site: Site, deployment: Deployment) -> health.Answer | UserError | PlatformError:
    """A healthy one, or why there is none."""
    try:
        return health.check(
            pages.visit_of(site, deployment),
            deadline=ctx.left(ctx.settings.answer),
            alive=Watch(lambda: supervisor(ctx).status().get(deployment.program)),
            log=site.tail,
            stop=ctx.stop,
            root=str(site.code),
        )
    except (UserError, PlatformError) as wrong:
        return wrong
