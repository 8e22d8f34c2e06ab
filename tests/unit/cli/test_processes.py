"""The rows of ``dz ps``."""

from __future__ import annotations

from dz.cli.processes import _row

RUNS = {
    "process": "web.1", "release": 3, "host": "app-1", "words": "healthy", "answers_in": 4, "since": None, "memory": None,
    "restarts": 0, "detail": "",
}  # fmt: skip


def test_a_cell_does_not_say_its_column_again() -> None:
    assert _row(RUNS) == ["web.1", "release 3", "app-1", "healthy, answers in 4 ms", "-", "-", "0", ""]
