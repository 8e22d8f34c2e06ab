"""What a change of variables says where no release is made of it."""

from __future__ import annotations

import argparse
from types import SimpleNamespace
from typing import Any

import pytest

from dz.cli import variables
from tests.unit.cli.test_words import screen


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


def test_a_value_that_is_empty_is_said_to_be_for_who_only_pressed_return(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed is hidden, so nothing on the screen tells an empty value from another."""
    answer = {"changed": ["KEY", "MODE"], "config": 4, "job": None, "live_config": 3}
    api: Any = SimpleNamespace(post=lambda _path, _body: answer, get=lambda _path: {"variables": []})
    said = screen(NO_COLOR="1", tty=False, width=None)
    monkeypatch.setattr(variables.values, "collect", lambda *_, **__: {"KEY": "", "MODE": "a"})
    args = argparse.Namespace(name="shop", variables=["KEY", "MODE=a"], no_deploy=True, json=False)
    variables.env_set(args, api, said)
    assert "Saved as config 4: KEY (empty) and MODE." in said.err.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("site_name", "Nothing was found that reads site_name. Did you mean SITE_NAME?"),
        ("SITE_NAM", "Nothing was found that reads SITE_NAM. Did you mean SITE_NAME?"),
        ("SITE_NAME", ""),
        ("DATABASE_URL2", ""),
        ("OTHER", ""),
        ("EMAIL_HOSTS", ""),
    ],
)
def test_a_name_that_is_a_slip_of_one_without_a_value_is_said_to_be(
    given: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DZ_TYPED", "dz")
    known = [
        {"name": "SITE_NAME", "read_in": ["shop/settings.py:3"], "set": False},
        {"name": "EMAIL_HOST", "read_in": ["shop/settings.py:4"], "set": True},
        {"name": given, "read_in": ["shop/settings.py:3"] if given == "SITE_NAME" else [], "set": True},
    ]
    api: Any = SimpleNamespace(get=lambda _path: {"variables": known})
    lines = list(variables._slips("shop", [given], api))
    assert lines == ([told, f"To take it away again: dz env unset shop {given}"] if told else [])
