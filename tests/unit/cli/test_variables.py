"""What a change of variables says where no release is made of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dz.cli import variables


@pytest.mark.parametrize(
    ("state", "live_config", "told"),
    [
        ("deactivated", None, "rests, and wakes with this: dz activate shop"),
        ("not deployed yet", None, "the next git push takes it, or, where it has a Git URL, dz deploy shop"),
        ("live", 1, "To take it live: dz restart shop"),
    ],
)
def test_what_takes_a_change_live_is_said_as_the_project_is(
    state: str, live_config: int | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DZ_TYPED", "dz")
    api: Any = SimpleNamespace(get=lambda _path: {"state": state})
    assert variables._not_live("shop", {"live_config": live_config}, api).endswith(told)
