"""A worker and its pool's processes share memory: what every one of them needs is loaded once, before the fork.

What is written to after the fork is a copy. Python's garbage collector writes into every object that it looks at (one
full collection of a child copies 42 of 80 MB, measured), so what lives at the fork is put out of its sight.
"""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import Any

from billiard.util import get_pdeathsig
from celery.signals import worker_before_create_process, worker_init
from django.db import Error, connection

from dz2.models import Host


def _warm(**_: Any) -> None:
    """What each process would load by itself: billiard's way to a death signal (a parser of C), Django's to zoomdb."""
    get_pdeathsig()
    with suppress(Error):  # a zoomdb that is not there yet is waited for elsewhere
        Host.objects.exists()
    connection.close()


def _freeze(**_: Any) -> None:
    gc.collect()
    gc.freeze()


worker_init.connect(_warm)
worker_before_create_process.connect(_freeze)
