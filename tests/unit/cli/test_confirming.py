"""What can't be undone is confirmed by the name, and another one leads to what is to be typed."""

from __future__ import annotations

import argparse
import io
import sys
from typing import Any

import pytest

from dz.cli import data, destroying
from dz.errors import UserError
from tests.unit.cli.test_words import screen

GOING = {"hostnames": ["shop.localhost"], "database": None, "releases": 0, "backups": 0}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def refused(monkeypatch: pytest.MonkeyPatch, confirm: Any, *words: Any) -> UserError:
    monkeypatch.setattr(sys, "stdin", Terminal("shoop\n"))
    monkeypatch.setattr(data.values, "can_ask", lambda: True)
    with pytest.raises(UserError) as told:
        confirm(*words, screen())
    return told.value


@pytest.mark.parametrize(("no_backup", "command"), [(False, "dz destroy shop"), (True, "dz destroy shop --no-backup")])
def test_another_name_destroys_nothing_and_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch, no_backup: bool, command: str
) -> None:
    args = argparse.Namespace(name="shop", json=False, no_backup=no_backup)
    told = refused(monkeypatch, destroying._confirm, args, GOING)
    assert told.brief == "Nothing was destroyed: what was typed is not shop."
    assert told.next == f"{command} asks once more; type shop there."


@pytest.mark.parametrize(("backup", "command"), [(None, "dz db restore shop"), (7, "dz db restore shop 7")])
def test_another_name_restores_nothing_and_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch, backup: int | None, command: str
) -> None:
    told = refused(monkeypatch, data._confirm, argparse.Namespace(name="shop", backup=backup))
    assert told.brief == "Nothing was restored: what was typed is not shop."
    assert told.next == f"{command} asks once more; type shop there."
