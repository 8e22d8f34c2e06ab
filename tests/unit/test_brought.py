"""What the platform adds is worked out anew for whatever its answer depends on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.tasklib.build import brought

LINES = ["gunicorn", "psycopg[binary]"]


def key(lines: list[str] = LINES, **other: Any) -> str:
    has: dict[str, Any] = {
        "version": "3.12.1",
        "uv": "uv-0.9.1",
        "variables": {"UV_DEFAULT_INDEX": "a"},
        "settings": {},
    }
    has |= other
    bench: Any = SimpleNamespace(
        python=SimpleNamespace(version=has["version"]),
        uv=lambda: Path("/tools") / has["uv"],
        indexes=SimpleNamespace(variables=has["variables"]),
        settings=has["settings"],
    )
    return brought._key(bench, lines)


@pytest.mark.parametrize(
    "other",
    [
        {"lines": [*LINES, "uvicorn"]},
        {"version": "3.12.2"},
        {"uv": "uv-0.9.2"},
        {"variables": {"UV_DEFAULT_INDEX": "b"}},
        {"settings": {"UV_EXCLUDE_NEWER": "2026-01-01"}},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_question_has_another_answer(other: dict[str, Any]) -> None:
    assert key(**other) != key()
    assert key(lines=LINES[::-1]) == key()
