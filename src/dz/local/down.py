"""``dz down``: no process, listener or socket of the platform is left; its data stays."""

from __future__ import annotations

import shutil

from dz.local import keys
from dz.local.layout import Layout
from dz.local.state import known
from dz.local.supervising import Supervision
from dz.local.up import locked

LAST = ("broker", "postgres-zoomdb", "postgres-projects")
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
        shutil.rmtree(layout.sockets, ignore_errors=True)
        layout.client.unlink(missing_ok=True)
        return was_up
