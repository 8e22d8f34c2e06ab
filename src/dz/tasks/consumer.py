"""Celery's consumer without what a doorbell does not need: the plain command line starts fast and needs few rights.

Left out: mingle and gossip (workers that talk to each other: half of a worker's start) and delayed delivery (28 queues
for countdowns, which nobody uses here, and the right to declare them).
"""

from __future__ import annotations

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

UNUSED = ":DelayedDelivery"


class Consumer(CeleryConsumer):  # type: ignore[misc]
    """Named by the setting ``worker_consumer``."""

    class Blueprint(CeleryConsumer.Blueprint):  # type: ignore[misc]
        default_steps = [step for step in CeleryConsumer.Blueprint.default_steps if not step.endswith(UNUSED)]

    def __init__(self, *args: Any, worker_options: dict[str, Any] | None = None, **options: Any) -> None:
        quiet = {**(worker_options or {}), "without_mingle": True, "without_gossip": True}
        super().__init__(*args, worker_options=quiet, **options)

    def update_strategies(self) -> None:
        """An acknowledgement that can't be sent ends the connection, as for a broken pipe, instead of being logged:
        on Valkey the message would hold its place in the prefetch for good, and a worker of one never hear again."""
        errors: Any = self.connection_errors
        self.connection_errors: Any = ()
        try:
            super().update_strategies()
        finally:
            self.connection_errors = errors
