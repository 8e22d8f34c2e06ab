"""From a folder and the environment to the plan of all services."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from dz.errors import UserError
from dz.local import bring, keys, providers, public
from dz.local.layout import Layout
from dz.local.services import Plan
from dz.local.state import State, chosen, free_ports, in_domain, keep, known
from dz.local.supervising import Supervision

LOOPBACK = ("127.", "::1")


def new(layout: Layout, listen: str, domain: str = "") -> Plan:
    """What ``dz up`` starts: choices made now are kept. Raises UserError for what is missing."""
    state = public.reached(in_domain(chosen(layout, listen), domain))
    unsettle(layout, state)
    return _plan(layout, state, keys.make(layout))


def unsettle(layout: Layout, state: State) -> None:
    """Where the world comes in elsewhere than before, supervisord does not begin sites as they were: their host's
    reconcile does, and tells them."""
    before = known(layout)
    if before is not None and (before.scheme, before.reached) != (state.scheme, state.reached):
        for site in layout.programs.glob("p0*.conf"):
            site.unlink()


def current(layout: Layout) -> Plan:
    """That of the platform that is there. Raises UserError if there is none."""
    state = known(layout)
    if state is None:
        raise UserError("local.not-up", home=layout.home)
    return _plan(layout, state, keys.passwords(layout))


def moved(plan: Plan, domain: str) -> Plan:
    """The plan of what runs, new projects' names under that domain from now on."""
    return replace(plan, state=keep(plan.layout, in_domain(plan.state, domain)))


def _plan(layout: Layout, state: State, passwords: keys.Passwords) -> Plan:
    shared = bring.for_others(layout)
    packages = shared.packages
    nginx = providers.nginx(packages, layout.logs / "asked")
    state = _public(state, nginx)
    broker, state = _broker(packages, state)
    return Plan(
        layout=layout,
        state=keep(layout, state),
        passwords=passwords,
        postgres=providers.postgres(packages, major=_major(layout)),
        nginx=nginx,
        broker=broker,
        redis=_redis(packages),
        runtime=bring.own() if shared.needs_library else shared,
        shared=shared,
    )


def wanted_broker(state: State | None) -> str:
    """Kept once chosen, whatever is installed later, unless the environment says otherwise."""
    kept = state.broker if state is not None and state.broker != "given" else ""
    return os.environ.get("DZ_BROKER") or kept


def _broker(packages: Path, state: State) -> tuple[providers.Found | None, State]:
    if os.environ.get("DZ_BROKER_URL"):
        return None, replace(state, broker="given")
    kind, found = providers.broker(packages, wanted_broker(state))
    ports = state.broker_ports or (free_ports(3) if kind == "rabbitmq" else ())
    return found, replace(state, broker=kind, broker_ports=ports)


def _redis(packages: Path) -> Path | None:
    """Not needed for the platform: without it, projects that ask for a Redis are told to give one."""
    try:
        return providers.executable(providers.valkey(packages), "valkey-server", "redis-server")
    except UserError:
        return None


def _major(layout: Layout) -> int | None:
    """Of the PostgreSQL that made the data."""
    file = layout.folder("postgres-zoomdb") / "data" / "PG_VERSION"
    return int(file.read_text()) if file.exists() else None


def _public(state: State, nginx: providers.Found) -> State:
    """Kept once allowed: every other command of this machine comes by here too, and so does ``dz up`` of a reboot."""
    said = os.environ.get("DZ_ALLOW_WHEEL_NGINX")
    state = replace(state, wheel_nginx=said == "1") if said else state
    if not state.host.startswith(LOOPBACK) and nginx.origin == "wheel" and not state.wheel_nginx:
        raise UserError("local.public-wheel", listen=state.listen)
    return state


def running(layout: Layout) -> Plan | None:
    """The plan of a platform whose supervisord answers; its port is its own, so none is chosen."""
    if known(layout) is None:
        return None
    passwords = keys.passwords(layout)
    return current(layout) if Supervision(layout, passwords.supervisor).answers() else None
