"""Celery's consumer without what a doorbell does not need: the plain command line starts fast and needs few rights.

Left out: mingle and gossip (workers that talk to each other: half of a worker's start) and delayed delivery (28 queues
for countdowns, which nobody uses here, and the right to declare them). Added: two mends
for brokers that are no RabbitMQ.
"""

from __future__ import annotations

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

from dz.tasks.celeryapp import BROKER_URL
from dz.tasks.queues import is_amqp

UNUSED = ":DelayedDelivery"


def _hear_broadcasts_while_busy(poller: Any) -> None:
    """kombu leaves a broadcast, or the broker's death, unread on a worker that may not take more, and asks for it again
    at once: a busy appserver's worker ran at 100 % until its step was over (celery/kombu#2214 is the same on queues,
    and mended there). Read, it waits in the worker behind the step; the only broadcast is reconcile."""
    usual = poller.on_readable

    def on_readable(fileno: int) -> None:
        channel, kind = poller._fd_to_chan.get(fileno, (None, ""))
        if kind == "LISTEN":
            channel.handlers[kind]()
        else:
            usual(fileno)

    poller.on_readable = on_readable


class Consumer(CeleryConsumer):  # type: ignore[misc]
    """Named by the setting ``worker_consumer``."""

    class Blueprint(CeleryConsumer.Blueprint):  # type: ignore[misc]
        default_steps = [step for step in CeleryConsumer.Blueprint.default_steps if not step.endswith(UNUSED)]

    def __init__(self, *args: Any, worker_options: dict[str, Any] | None = None, **options: Any) -> None:
        quiet = {**(worker_options or {}), "without_mingle": True, "without_gossip": True}
        super().__init__(*args, worker_options=quiet, **options)

    def connect(self) -> Any:
        connection = super().connect()
        if not is_amqp(BROKER_URL):
            _hear_broadcasts_while_busy(connection.transport.cycle)
        return connection

    def update_strategies(self) -> None:
        """An acknowledgement that can't be sent ends the connection, as for a broken pipe, instead of being logged:
        on Valkey the message would hold its place in the prefetch for good, and a worker of one never hear again."""
        errors: Any = self.connection_errors
        self.connection_errors: Any = ()
        try:
            super().update_strategies()
        finally:
            self.connection_errors = errors
