"""What a worker does beside its tasks: refuse to start half configured, end what a dead one left running, beat, ship
the logs of its sites, and reconcile once when it is up."""

from __future__ import annotations

import os
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutdown

from dz import hosting
from dz import log as events
from dz.errors import DzError, UserError
from dz.tasklib.context import kill_domain
from dz.tasklib.pipeline import APPSERVER
from dz.tasks.celeryapp import BROKER_URL, app
from dz.tasks.heartbeat import Heartbeat
from dz.tasks.queues import step_queue
from dz.tasks.shipping import Shipping

# Visitors come first: what answers them has three times the processor of what builds and starts. Not more than that, or
# a site that has run wild would hold the deploy of its own mend.
YIELDS = 5

log = events.get_logger()
_threads: list[Heartbeat | Shipping] = []


def _configured(**_: Any) -> None:
    events.configure()
    os.setpriority(os.PRIO_PROCESS, 0, max(YIELDS, os.getpriority(os.PRIO_PROCESS, 0)))
    ours = hosting.settings()
    try:
        # Nothing of ours runs yet: what still carries this host's mark outlived a worker that was killed before its
        # sandbox was armed, or that never came back to the same step.
        hosting.seams().sandbox.kill(kill_domain(ours.home, ours.instance_id))
    except DzError as error:  # Celery only logs what a signal's receiver raises, but for this
        act = f" {error.next}" if isinstance(error, UserError) else ""
        raise SystemExit(f"this worker can't start: {error}{act}") from None


def _up(**_: Any) -> None:
    ours = hosting.settings()
    _threads.append(Heartbeat(ours, hosting.seams()))
    if ours.role == APPSERVER:
        _threads.append(Shipping(ours))
    for thread in _threads:
        thread.start()
    own = f"{APPSERVER}_{ours.instance_id}" if ours.role == APPSERVER else ours.role
    app.tasks["reconcile"].apply_async(queue=step_queue(own, BROKER_URL))
    log.info("worker.ready", role=ours.role, instance=ours.instance_id)


def _going(**_: Any) -> None:
    for thread in _threads:
        thread.stop()


worker_init.connect(_configured)
worker_ready.connect(_up)
worker_shutdown.connect(_going)
