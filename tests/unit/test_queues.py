"""The broker's queues as declared."""

from __future__ import annotations

import pytest

from dz.tasks.queues import queues_of


@pytest.mark.parametrize("url", ["amqp://x", "redis+socket:///x"])
def test_every_queue_is_durable_or_exclusive_as_rabbitmq_demands(url: str) -> None:
    queues = queues_of("app-1", url)
    assert [q.alias or q.name for q in queues] == ["build", "proxy", "database", "appserver_app-1", "all_appservers"]
    assert all(queue.durable or queue.exclusive for queue in queues)


def test_steps_lie_in_quorum_queues_on_a_topic_exchange_on_rabbitmq() -> None:
    for queue in queues_of("app-1", "amqp://x")[:-1]:
        assert queue.exchange.type == "topic"
        assert queue.queue_arguments == {"x-queue-type": "quorum"}
