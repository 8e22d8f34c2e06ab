"""Which appserver takes a release. Pure: heartbeats in, one host out."""

from __future__ import annotations

from collections.abc import Sequence

from dz.errors import PlatformError, Transient
from dz.tasklib.records import Host

FULL_DISK = 0.97  # of the disk: a deployment needs room for its code and what it writes


def choose(hosts: Sequence[Host], *, platform: str, fresh_within: float, home: str = "") -> Host:
    """``home``, where the project's files are, if it can take it; else the least busy of those that can: load first,
    then memory, then how full of deployments it is.

    Raises PlatformError ``deploy.no-appserver``, which says of each host why it was passed over; Transient where one is
    only silent: all are for a moment after zoomdb was away.
    """
    against = {host.instance_id: unfit(host, platform=platform, fresh_within=fresh_within) for host in hosts}
    fit = [host for host in hosts if not against[host.instance_id]]
    if fit:
        return next((host for host in fit if host.instance_id == home), None) or min(fit, key=_burden)
    said = "; ".join(f"{name} {why}" for name, why in against.items()) or "none has ever been heard of"
    silent = any(host.silent_for > fresh_within for host in hosts)
    raise (Transient if silent else PlatformError)(said, id="deploy.no-appserver")


def unfit(host: Host, *, platform: str, fresh_within: float) -> str:
    """Why this host can't take it; "" if it can."""
    if host.silent_for > fresh_within:
        return f"has been silent for {host.silent_for:.0f} s"
    if host.platform != platform:
        return f"is {host.platform}, the bundle {platform}"
    if host.deployments >= host.capacity:
        return f"has {host.deployments} of at most {host.capacity} deployments"
    if host.disk > FULL_DISK:
        return f"has a full disk ({host.disk:.0%})"
    return ""


def _burden(host: Host) -> tuple[float, float, float, str]:
    """Load and memory in coarse steps, so that noise does not outweigh the number of deployments."""
    return (round(host.load, 1), round(host.memory * 20) / 20, host.deployments / host.capacity, host.instance_id)
