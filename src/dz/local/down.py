"""``dz down``: no process, listener, socket or firewall rule of the platform is left; its data stays."""

from __future__ import annotations

import json
import shutil

import psutil

from dz.local import keys
from dz.local.layout import Layout
from dz.local.state import known
from dz.local.supervising import Supervision
from dz.local.up import locked
from dz.local.users import rooted
from dz.seams.sandbox.network import PROJECTS, forget_rules
from dz.settings import WorkerSettings
from dz.until import until

LAST = ("broker", "postgres-zoomdb", "postgres-projects")
DYING = 5.0  # seconds for the processes of a site that was just killed
SITES = "p0"  # a site's program is called by its app id


def down(layout: Layout) -> bool:
    """Stop everything; False if nothing ran. Who asks for work goes first, who does it next, where it is kept last."""
    if known(layout) is None:
        return False
    with locked(layout):
        supervision = Supervision(layout, keys.passwords(layout).supervisor)
        status = supervision.status()
        was_up = bool(status) or supervision.pid() is not None
        services = [name for name in status if not name.startswith(SITES)]
        supervision.stop(name for name in services if name not in LAST)
        sites = [name for name in status if name.startswith(SITES)]
        supervision.halt(sites)
        supervision.stop(name for name in services if name in LAST)
        supervision.shut_down()
        if rooted():
            lift_fence(_uid_base(layout))
        shutil.rmtree(layout.sockets, ignore_errors=True)
        layout.client.unlink(missing_ok=True)
        return was_up


def lift_fence(uid_base: int) -> None:
    """The sites' firewall goes by uids: it stays while a process of one runs, another platform's too."""
    if until(lambda: not _runs(range(uid_base, uid_base + PROJECTS + 1)), DYING, every=0.05):
        forget_rules(uid_base)


def _runs(uids: range) -> bool:
    """Whether a process of those users does; one that is dead and waits to be reaped does not."""
    every = (one.info for one in psutil.process_iter(["uids", "status"]))
    return any(one["uids"] and one["uids"].real in uids and one["status"] != psutil.STATUS_ZOMBIE for one in every)


def _uid_base(layout: Layout) -> int:
    """The one that the appserver's worker ran with, whatever the environment says now."""
    spec = next(layout.specs.glob("worker-appserver.*.json"), None)
    env = json.loads(spec.read_text())["env"] if spec else {}
    return int(env.get("DZ_UID_BASE", WorkerSettings.model_fields["uid_base"].default))
