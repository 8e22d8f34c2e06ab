"""Which appserver gets a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.tasklib.appserver.placement import choose
from dz.tasklib.appserver.ports import parse
from dz.tasklib.context import Context


def placement(ctx: Context) -> Mapping[str, Any]:
    """Choose by fresh heartbeats; the row made here sends the job's next steps to that host's queue."""
    bundle = ctx.door.bundle()
    fresh = 3 * ctx.settings.heartbeat
    hosts = ctx.door.appservers()
    chosen = choose(hosts, platform=bundle.platform, fresh_within=fresh)
    deployment = ctx.door.place(chosen.instance_id, ports=parse(ctx.settings.ports))
    ctx.log.note(
        f"{deployment.host} takes it, port {deployment.port}: load {chosen.load:.1f}, memory {chosen.memory:.0%},"
        f" {chosen.deployments} deployments; {len(hosts) - 1} other appservers looked at"
    )
    return {"host": deployment.host, "address": deployment.address, "port": deployment.port}
