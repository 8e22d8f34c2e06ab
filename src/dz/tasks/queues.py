"""The broker's queues, as both its readers and its writers declare them.

On RabbitMQ they are quorum queues on a topic exchange: replicated, and dead readers are noticed. Elsewhere (Valkey,
Redis) they are plain. ``all_appservers`` is a fanout with one queue per host, read under that alias.
"""

from __future__ import annotations

from kombu import Exchange, Queue

from dz.tasklib.pipeline import APPSERVER, BUILD, DATABASE, PROXY

ALL_APPSERVERS = "all_appservers"
SHARED = (BUILD, PROXY, DATABASE)


def is_amqp(broker_url: str) -> bool:
    return broker_url.startswith(("amqp", "pyamqp"))


def step_queue(name: str, broker_url: str) -> Queue:
    """The queue of that name: build, proxy, database or appserver_<instance id>."""
    if is_amqp(broker_url):
        return Queue(
            name, Exchange("dz", "topic", durable=True), name, durable=True, queue_arguments={"x-queue-type": "quorum"}
        )
    return Queue(name, Exchange("dz", "direct"), name)


def all_appservers() -> Exchange:
    return Exchange(ALL_APPSERVERS, "fanout", durable=True)


def broadcast_queue(instance_id: str) -> Queue:
    """One host's queue on the broadcast. A missed message is mended by the next round, so it need not be replicated;
    it must outlive its reader, as RabbitMQ 4.3 refuses queues that are neither durable nor exclusive."""
    return Queue(f"{ALL_APPSERVERS}.{instance_id}", all_appservers(), "", durable=True, alias=ALL_APPSERVERS)


def queues_of(instance_id: str, broker_url: str) -> list[Queue]:
    """All that a worker of this instance may be told to read with ``-Q``."""
    names = [*SHARED, f"{APPSERVER}_{instance_id}"] if instance_id else [*SHARED]
    own = [broadcast_queue(instance_id)] if instance_id else []
    return [step_queue(name, broker_url) for name in names] + own
