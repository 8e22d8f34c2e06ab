"""A worker and its pool's processes share memory: what every one of them needs is loaded once, before the fork.

What is written to after the fork is a copy. Python's garbage collector writes into every object that it looks at (one
full collection of a child copies 42 of 80 MB, measured), so what lives at the fork is put out of its sight. Work copies
too, of each page twice: a child that has worked and rests makes room for a fresh one, which shares all again. A message
that it was handed in that very moment is dropped, and rung again like any that nobody claims.
"""

from __future__ import annotations

import gc
import os
import signal
from contextlib import suppress
from typing import Any

from billiard.pool import EX_RECYCLE
from billiard.util import get_pdeathsig
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_before_create_process,
    worker_init,
    worker_process_init,
    worker_ready,
)
from django.db import Error, connection

from dz.tasks import aside
from dz2.models import Host

RESTING = 30.0  # seconds without a task after which a process that had one ends


def _warm(**_: Any) -> None:
    """What each process would load by itself: billiard's way to a death signal (a parser of C), Django's to zoomdb."""
    get_pdeathsig()
    with suppress(Error):  # a zoomdb that is not there yet is waited for elsewhere
        Host.objects.exists()
    connection.close()


def _freeze(**_: Any) -> None:
    gc.collect()
    gc.freeze()


def _settled(**_: Any) -> None:
    """The first children were made while their parent was still starting, and share less: they go once, too."""
    worker_process_init.disconnect(_resting)


def _working(**_: Any) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)


def _resting(**_: Any) -> None:
    signal.signal(signal.SIGALRM, _leave)
    signal.setitimer(signal.ITIMER_REAL, RESTING)


def _leave(*_: object) -> None:
    if aside.going_on():  # what was forked off it would die with it
        signal.setitimer(signal.ITIMER_REAL, RESTING)
    else:
        os._exit(EX_RECYCLE)


worker_init.connect(_warm)
worker_before_create_process.connect(_freeze)
worker_ready.connect(_settled)
worker_process_init.connect(_resting)
task_prerun.connect(_working)
task_postrun.connect(_resting)
