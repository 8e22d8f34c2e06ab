"""Which appserver gets a release, and which processes of it run there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.tasklib.appserver import processes
from dz.tasklib.appserver.placement import choose
from dz.tasklib.appserver.ports import parse
from dz.tasklib.context import Context
from dz.words import listing


def placement(ctx: Context) -> Mapping[str, Any]:
    """Choose by fresh heartbeats; the row made here sends the job's next steps to that host's queue."""
    bundle = ctx.door.bundle()
    fresh = 3 * ctx.settings.heartbeat
    hosts = ctx.door.appservers()
    chosen = choose(hosts, platform=bundle.platform, fresh_within=fresh)
    wanted = processes.of(ctx.door.release().build_config, ctx.door.formation())
    deployment = ctx.door.place(chosen.instance_id, ports=parse(ctx.settings.ports), processes=wanted)
    ctx.log.note(
        f"{deployment.host} takes it, port {deployment.port}: load {chosen.load:.1f}, memory {chosen.memory:.0%},"
        f" {chosen.deployments} deployments; {len(hosts) - 1} other appservers looked at"
    )
    if len(wanted) > 1:
        ctx.log.note(f"{listing(wanted)} are to run there")
    return {"host": deployment.host, "address": deployment.address, "port": deployment.port}
