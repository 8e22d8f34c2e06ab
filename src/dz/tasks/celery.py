"""``python -m dz.tasks.celery -A dz.tasks worker -Q build``: Celery's own command line without its shell for AMQP, a
whole terminal toolkit (115 modules, 5 MB in every process of every worker) that no worker opens."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from celery.__main__ import main


class _NoShell(ModuleType):
    """Stands for ``click_repl``, of which ``celery amqp`` alone asks something."""

    @staticmethod
    def register_repl(_: Any) -> None:
        pass


if __name__ == "__main__":
    sys.modules["click_repl"] = _NoShell("click_repl")
    main()
