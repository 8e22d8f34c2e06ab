"""Which appserver gets a release, and which processes of it run there.

A project stays where its volume is while that host can take it. Where it has to move its files do not come along, and
that is said in the job's log and in its result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.tasklib.appserver import processes
from dz.tasklib.appserver.placement import choose, unfit
from dz.tasklib.appserver.ports import parse
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders
from dz.tasklib.records import Host
from dz.words import listing


def placement(ctx: Context) -> Mapping[str, Any]:
    """Choose by fresh heartbeats; the row made here sends the job's next steps to that host's queue."""
    bundle = ctx.door.bundle()
    fresh = ctx.settings.silent_after
    hosts, home = ctx.door.appservers(), ctx.door.home()
    chosen = choose(hosts, platform=bundle.platform, fresh_within=fresh, home=home)
    wanted = processes.of(ctx.door.release().build_config, ctx.door.formation())
    deployment = ctx.door.place(chosen.instance_id, ports=parse(ctx.settings.ports), processes=wanted)
    ctx.midway()
    ctx.log.note(
        f"{deployment.host} takes it, port {deployment.port}: load {chosen.load:.1f}, memory {chosen.memory:.0%},"
        f" {chosen.deployments} deployments; {len(hosts) - 1} other appservers looked at"
    )
    if len(wanted) > 1:
        ctx.log.note(f"{listing(wanted)} are to run there")
    told = {"host": deployment.host, "address": deployment.address, "port": deployment.port}
    if home in ("", deployment.host):
        return told
    volume = Folders(ctx.settings.home).volume(deployment.app_id, ctx.door.database().name)
    why = next((_unfit(host, bundle.platform, fresh) for host in hosts if host.instance_id == home), "is gone")
    ctx.log.note(
        f"the project moves to {deployment.host}, for {home}, where it ran, {why}. Files that it keeps outside its"
        f" database (uploads) stay on {home}, in {volume}, and have to be copied by hand",
        level="warning",
    )
    return told | {"moved_from": home}


def _unfit(host: Host, platform: str, fresh: float) -> str:
    return unfit(host, platform=platform, fresh_within=fresh) or "could not take it when it was placed"
