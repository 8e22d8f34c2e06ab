"""Values of variables, from wherever they may come."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dz.cli.values import collect
from dz.errors import UserError


def test_values_come_from_words_files_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN\nabc\n-----END\n")
    (tmp_path / ".env").write_text("A=from file\nQUOTED='two words'\nCOST=$5\n# no\n")
    monkeypatch.setenv("TOKEN", "from the environment")
    found = collect(["A=1=2", "EMPTY=", f"PEM=@{tmp_path}/key.pem", "TOKEN"], [f"{tmp_path}/.env"], ask=False)
    assert found == {
        "A": "1=2",
        "QUOTED": "two words",
        "COST": "$5",
        "EMPTY": "",
        "PEM": "-----BEGIN\nabc\n-----END",
        "TOKEN": "from the environment",
    }


def test_a_line_that_is_no_variable_is_told_without_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nMY SECRET=2\n")
    with pytest.raises(UserError) as told:
        collect([], [f"{tmp_path}/.env"], ask=False)
    assert (told.value.id, "Line 2" in told.value.brief, "SECRET" in told.value.brief) == (
        "project.bad-env-line",
        True,
        False,
    )


def test_an_empty_standard_input_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    with pytest.raises(UserError, match="TOKEN=- found nothing"):
        collect(["TOKEN=-"], [], ask=False)


@pytest.mark.parametrize(
    ("word", "problem"),
    [("NOT_SET_ANYWHERE", "cli.no-value"), ("1X=2", "project.bad-variable"), ("A B=2", "project.bad-variable")],
)
def test_what_gives_no_value_is_told(word: str, problem: str) -> None:
    with pytest.raises(UserError) as told:
        collect([word], [], ask=False)
    assert told.value.id == problem


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        collect([], [f"{tmp_path}/none"], ask=False)
    assert (told.value.id, str(tmp_path) in told.value.brief) == ("cli.unreadable", True)
