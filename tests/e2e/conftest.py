"""The two platforms that the same tests run on."""

from __future__ import annotations

import pytest

from tests.platforms import Platform


@pytest.fixture(
    scope="session", params=["platform", pytest.param("rabbit_platform", marks=pytest.mark.rabbitmq)], ids=lambda n: n
)
def either(request: pytest.FixtureRequest) -> Platform:
    """On Valkey, and on RabbitMQ where it is installed."""
    running: Platform = request.getfixturevalue(request.param)
    return running
