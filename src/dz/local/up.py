"""``dz up``: start what is not running, and wait until every service really answers.

Servers first; then zoomdb is migrated for this version of the source; then what runs our own code. Done again it is
harmless: what runs unchanged is left alone.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from dz import source
from dz.errors import UserError
from dz.local import bring, planning, prepare
from dz.local.lacking import ROOT, lacking
from dz.local.layout import Layout
from dz.local.ready import answer
from dz.local.service import Service
from dz.local.services import Plan, ours, servers
from dz.local.supervising import Supervision
from dz.local.users import ROOT as ROOT_USER
from dz.local.users import file, make_users, own_name
from dz.words import listing

PATIENCE = 90.0
EVERY = 0.1  # seconds between two questions, each of which takes of what the service starts with
LOOKS = 0.5  # and between two to the supervisor, which take more
Say = Callable[[str, float, str], None]  # service, seconds, detail


def up(layout: Layout, listen: str, say: Say, *, domain: str = "") -> Plan:
    """Everything runs and answers when this returns. Raises UserError naming what does not, and its log."""
    own_name()
    if missing := lacking():
        raise UserError("local.not-installed", packages=listing(missing), root=ROOT)
    make_users()
    prepare.folders(layout)
    with locked(layout):
        running = planning.running(layout)
        plan = planning.moved(running, domain) if running else planning.new(layout, listen, domain)
        supervision = Supervision(layout, plan.passwords.supervisor)
        if running is None:
            _start_servers(plan, supervision)
        first = list(servers(plan))
        _run(plan, supervision, first, say)
        prepare.databases(plan)
        if not prepare.prepared(plan):
            prepare.tables(plan)
        digest = source.digest()[:16]
        _run(plan, supervision, [_of_this_source(one, digest) for one in ours(plan)], say)
        client = {"socket": str(layout.panel_socket), "url": plan.state.url}
        file(layout.client, json.dumps(client), ROOT_USER)
        bring.forget_old(layout, plan.shared)
        return plan


def _start_servers(plan: Plan, supervision: Supervision) -> None:
    """supervisord itself; what runs our own code must not start before zoomdb is migrated for it."""
    supervision.kill()
    prepare.clusters(plan)
    for service in ours(plan):
        (plan.layout.programs / f"{service.name}.conf").unlink(missing_ok=True)
    supervision.start()


def _of_this_source(service: Service, digest: str) -> Service:
    """What runs another version of our source is started anew. nginx, at which visitors are, only begins by it."""
    if service.name == "nginx":
        return service
    return replace(service, env={**service.env, "DZ_SOURCE": digest})


def _run(plan: Plan, supervision: Supervision, services: Iterable[Service], say: Say) -> None:
    began = time.monotonic()
    services = list(services)
    supervision.run(services, plan.shared)
    for service in services:
        detail = wait(plan, supervision, service.name, began)
        say(service.name, time.monotonic() - began, detail)


def wait(plan: Plan, supervision: Supervision, service: str, began: float) -> str:
    """What the service answered. Raises UserError after ``PATIENCE`` seconds, or at once when it was given up."""
    status, look = None, began
    while time.monotonic() - began < PATIENCE:
        if time.monotonic() >= look:
            status, look = supervision.status().get(service), time.monotonic() + LOOKS
        if status is not None and status.state == "fatal":
            break
        if status is not None and status.pid:
            found = answer(plan, service, since=status.since)
            if found.ok:
                return found.detail
        time.sleep(EVERY)
    raise UserError(
        "local.service-silent", service=service, seconds=round(time.monotonic() - began), log=plan.layout.log(service)
    )


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """One ``dz up`` or ``dz down`` at a time."""
    with (layout.home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError("local.busy", home=layout.home) from None
        yield
