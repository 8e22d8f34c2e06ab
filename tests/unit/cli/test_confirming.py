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

GOING = {
    "hostnames": ["shop.localhost"],
    "database": None,
    "releases": 0,
    "backups": 0,
    "has_data": True,
    "variables": 0,
}


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


def test_of_a_project_that_was_never_live_no_data_is_said_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = screen(NO_COLOR="1", tty=False, width=None)
    monkeypatch.setattr(sys, "stdin", Terminal("shop\n"))
    for has_data, variables in ((False, 0), (False, 2), (True, 2)):
        found = GOING | {"has_data": has_data, "variables": variables}
        lines = destroying.belongings("shop", found)
        assert any("its database" in one for one in lines) == has_data
        assert any("its variables" in one for one in lines) == bool(variables)
    destroying._confirm(argparse.Namespace(name="shop", json=False, no_backup=False), GOING | {"has_data": False}, seen)
    assert "backup" not in seen.err.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("backup", "command"), [(None, "dz db restore shop"), (7, "dz db restore shop 7")])
def test_another_name_restores_nothing_and_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch, backup: int | None, command: str
) -> None:
    told = refused(monkeypatch, data._confirm, argparse.Namespace(name="shop", backup=backup))
    assert told.brief == "Nothing was restored: what was typed is not shop."
    assert told.next == f"{command} asks once more; type shop there."


@pytest.mark.parametrize(("files_size", "told"), [(119, True), (None, False)])
def test_a_destroy_names_what_fetches_the_files_of_the_last_backup_and_until_when(
    files_size: int | None, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = {
        "backup": 3,
        "job": 9,
        "state": "good",
        "rows": 59,
        "tables": 11,
        "size": 32_000,
        "files_size": files_size,
    }
    api: Any = argparse.Namespace(delete=lambda _path: {}, get=lambda _path, **_: [backup])
    monkeypatch.setenv("DZ_TYPED", "dz")
    monkeypatch.setattr(destroying, "watched", lambda *_: {"job": 9, "state": "succeeded", "steps": []})
    seen = screen(NO_COLOR="1", tty=False, width=None)
    args = argparse.Namespace(name="shop", yes=True, no_backup=False, json=False)
    assert destroying.destroy(args, api, seen)[1]["backup"] == 3
    said = seen.err.getvalue()  # type: ignore[attr-defined]
    assert "stays for 30 days, or until a new project is named shop: 59 rows" in said
    assert ("   Its files: dz db download shop --files\n" in said) == told
