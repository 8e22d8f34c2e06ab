"""``python -m dz.tasks.celery -A dz.tasks worker -Q build``: Celery's own command line without its shell for AMQP, a
whole terminal toolkit (115 modules, 5 MB in every process of every worker) that no worker opens, and without the
colours of its other commands."""

from __future__ import annotations

import gc
import sys
from types import ModuleType
from typing import Any

from dz.unneeded import instead


class _NoShell(ModuleType):
    """Stands for ``click_repl``, of which ``celery amqp`` alone asks something."""

    @staticmethod
    def register_repl(_: Any) -> None:
        pass


if __name__ == "__main__":
    gc.disable()  # a tenth of a worker's start: of what is imported nearly nothing is garbage. ``sharing`` enables it
    with instead({"click_repl": _NoShell("click_repl"), "pygments": None}):
        from celery.bin.celery import main
    sys.exit(main())
