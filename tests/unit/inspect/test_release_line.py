"""A Procfile's release line: its management commands are the release's hooks, and what is not run is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.build.inspect.__main__ import report
from dz.tasklib.buildconfig import parse
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import FILES


def looked(folder: Path, line: str) -> tuple[str, list[str]]:
    """The hooks that were found, and what is said."""
    answer = report(write_tree(folder, FILES | {"Procfile": f"web: gunicorn wombat.wsgi\nrelease: {line}\n"}))
    found = [one for one in answer["guesses"] if one["field"] == "hooks" and one["is_primary"]]
    assert all(one["basis"]["file"] == "Procfile" and one["basis"]["line"] == 2 for one in found)
    return "".join(one["value"] for one in found), answer["messages"]


@pytest.mark.parametrize(
    ("line", "hooks"),
    [
        ("python manage.py migrate", ""),
        ("python3 src/manage.py migrate --noinput && python manage.py collectstatic --no-input", ""),
        ("cd src && python manage.py loaddata a.json", "collectstatic\nmigrate\nloaddata a.json"),
        (
            "poetry run python manage.py clear  && django-admin migrate --noinput && ./manage.py fill --noinput",
            "collectstatic\nclear\nmigrate\nfill --noinput",
        ),
    ],
)
def test_management_commands_are_hooks_in_their_order_and_what_runs_anyhow_is_no_news(
    line: str, hooks: str, tmp_path: Path
) -> None:
    assert looked(tmp_path, line) == (hooks, [])
    assert parse("[project]\nhooks =\n" + "".join(f"    {one}\n" for one in hooks.split("\n"))).value("hooks") == hooks


@pytest.mark.parametrize(
    "line", ["./release.sh", "python manage.py migrate || true", "python manage.py fill 'a b'", "A=1 ./manage.py fill"]
)
def test_what_is_more_than_management_commands_is_not_run_and_that_is_said(line: str, tmp_path: Path) -> None:
    hooks, (said,) = looked(tmp_path, line)
    assert hooks == ""
    assert said.startswith(f"Procfile:2 is not run, for it is more than management commands: {line}. ")


def test_migrations_are_not_made_in_a_release(tmp_path: Path) -> None:
    hooks, (said,) = looked(tmp_path, "python manage.py makemigrations && python manage.py migrate")
    assert hooks == ""
    assert "makemigrations is not run" in said


def test_hooks_of_a_zoombuild_cfg_outrank_the_line(tmp_path: Path) -> None:
    answer = report(
        write_tree(
            tmp_path,
            FILES | {"Procfile": "release: ./manage.py fill\n", "zoombuild.cfg": "[project]\nhooks = migrate\n"},
        )
    )
    assert [one["value"] for one in answer["guesses"] if one["field"] == "hooks"] == ["migrate"]
    assert answer["messages"] == []
