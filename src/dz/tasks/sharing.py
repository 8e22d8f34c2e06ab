"""A worker and its pool's processes share memory: what every one of them needs is loaded once, before the fork, and a
pool with nothing to do has no process at all.

What is written to after the fork is a copy: twelve MB of each process that only waits (a reference that is counted is
written). Python's garbage collector writes into every object that it looks at (one full collection of a child copies 42
of 80 MB, measured), so what lives at the fork is put out of its sight. A process is forked as its step arrives and goes
when there was none for half a minute; Celery's autoscaler does both, and is told here to begin with none.
"""

from __future__ import annotations

import gc
from contextlib import suppress
from importlib import import_module
from typing import Any

import psutil
from billiard.util import get_pdeathsig
from celery.signals import worker_before_create_process, worker_init
from celery.worker.autoscale import Autoscaler, WorkerComponent
from django.db import Error, connection

from dz import hosting
from dz.tasklib.jobs import PIPELINES
from dz.tasklib.pipeline import PROXY, Named
from dz.tasks.celeryapp import app
from dz2.models import Host


class Resting(Autoscaler):  # type: ignore[misc]
    """Named by the setting ``worker_autoscaler``."""

    def _shrink(self, n: int) -> None:
        """A step aside is a child of the pool's process that it was forked off, and would die with it."""
        if not any(_has_children(pid) for pid in self.pool.info["processes"]):
            super()._shrink(n)


class FromNone(WorkerComponent):  # type: ignore[misc]
    """What the option ``--autoscale`` of so many and none would add to the worker's parts: the plain command line is
    enough."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.enabled = True
        worker.max_concurrency, worker.min_concurrency = worker.concurrency, 0


def _has_children(pid: int) -> bool:
    try:
        return any(one.status() != psutil.STATUS_ZOMBIE for one in psutil.Process(pid).children())
    except psutil.Error:  # gone meanwhile
        return False


def _warm(**_: Any) -> None:
    """What each process would load by itself: billiard's way to a death signal, Django's to zoomdb, what
    unseals secrets, and the work of this role's steps. The others' is left where it is: 7 MB."""
    get_pdeathsig()
    if hosting.settings().role != PROXY:  # whose worker has no key
        import_module("cryptography.fernet")
    for step in (step for pipeline in PIPELINES.values() for step in pipeline.steps):
        if step.queue == hosting.settings().role and isinstance(step.run, Named):
            step.run.load()
    with suppress(Error):  # a zoomdb that is not there yet is waited for elsewhere
        Host.objects.exists()
    connection.close()


def _freeze(**_: Any) -> None:
    """Before the first process: what lived at a later fork would never be collected in the worker itself. Nothing is
    collected before: of all that is imported two thousand objects are garbage, and to find them takes 0.1 s."""
    worker_before_create_process.disconnect(_freeze)
    gc.freeze()
    gc.enable()


app.steps["worker"].add(FromNone)
worker_init.connect(_warm)
worker_before_create_process.connect(_freeze)
