"""The rows of ``dz ps``."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from dz.cli.client import Api
from dz.cli.processes import _row, scale
from dz.cli.where import Server
from tests.unit.cli.test_words import Terminal, screen

RUNS = {
    "process": "web.1", "release": 3, "host": "app-1", "words": "healthy", "answers_in": 4, "since": None, "memory": None,
    "restarts": 0, "detail": "",
}  # fmt: skip


def test_a_cell_does_not_say_its_column_again() -> None:
    assert _row(RUNS) == ["web.1", "release 3", "app-1", "healthy, answers in 4 ms", "-", "-", "0", ""]


@pytest.mark.parametrize(
    ("state", "said"), [("live", "nothing had to change"), ("deactivated", "it rests, and wakes so")]
)
def test_of_a_resting_project_is_not_said_that_nothing_had_to_change(state: str, said: str) -> None:
    class Asked(Api):
        def get(self, path: str, **_: Any) -> Any:
            return {"state": state}

        def post(self, path: str, *_: Any, **__: Any) -> Any:
            return {"job": None, "formation": {"web": 1, "worker": 2}}

    shown = screen()
    args = argparse.Namespace(name="shop", counts=[("worker", 2)], json=False)
    scale(args, Asked(Server(url="http://nowhere.example/", token="t")), shown)
    assert isinstance(shown.err, Terminal) and f"shop is to run web=1 worker=2; {said}" in shown.err.getvalue()
