"""``dz ps`` asks each web process at that moment: one that answers, one that is stuck, one that nobody can reach."""

from __future__ import annotations

import asyncio
import math

from dz2.api.answering import seconds
from tests.backends import backend, deaf
from tests.servers import free_port


def asked(port: int, patience: float = 30) -> float | None:
    return asyncio.run(seconds("127.0.0.1", port, "http://shop.example:8800/", patience=patience))


def test_a_process_that_is_stuck_is_told_from_one_that_answers_and_is_not_waited_for() -> None:
    with backend("one") as one:
        took = asked(one.port)
    assert took is not None and 0 < took < 30
    with deaf() as stuck:
        assert asked(stuck.getsockname()[1], patience=0.2) == math.inf
    assert asked(free_port()) is None
