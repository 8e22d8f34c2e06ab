"""What ``dz admin create`` hears of the project's own command is text of a stranger."""

from __future__ import annotations

from typing import Any

import pytest

from dz.administrator import none_made
from dz.cli.attaching import _made
from dz.errors import UserError

TOLD = b'{"name": "ada", "path": "/admin/", "filled": ["first_name"]}\n'
ADA = {"name": "ada", "path": "/admin/", "filled": ["first_name"]}


@pytest.mark.parametrize(
    "output", [TOLD, b"hello\n" + TOLD, TOLD + b"Waiting for 2 events\n", b"\xff\n" + TOLD + b"{}\n"]
)
def test_what_the_project_prints_beside_it_loses_no_password(output: bytes) -> None:
    assert _made("shop", output) == ADA


@pytest.mark.parametrize("output", [b"", b"bye\n", b"[" * 100_000, b'["name"]\n'])
def test_a_command_that_tells_nothing_leaves_it_open_who_was_made(output: bytes) -> None:
    with pytest.raises(UserError) as told:
        _made("shop", output)
    assert told.value.id == "run.admin-unsure"


def test_the_address_to_sign_in_at_is_of_the_site_and_of_no_other_host() -> None:
    assert _made("shop", b'{"name": 1, "path": "@elsewhere.org/", "filled": 7}') == {
        "name": "1",
        "path": "",
        "filled": [],
    }


@pytest.mark.parametrize(
    ("told", "brief"),
    [
        ({"lacks": "auth.Group", "fixtures": ["groups", "; rm", 7]}, "loaddata groups"),
        ({"lacks": "auth.Group"}, "loaddata FIXTURE"),
        ({"lacks": "auth.Group; rm", "fixtures": ["groups"]}, "createsuperuser"),
        ({}, "createsuperuser"),
    ],
)
def test_a_row_that_is_missing_is_told_with_the_fixtures_that_have_such(told: dict[str, Any], brief: str) -> None:
    error = none_made("shop", told, "Group matching query does not exist.")
    assert (error.next or "").endswith(brief), error.next
    assert "auth.Group" in error.brief or brief == "createsuperuser"


def test_of_a_site_without_users_is_not_said_to_make_one_by_a_command_that_it_has_not() -> None:
    error = none_made("shop", {"userless": True}, "AUTH_USER_MODEL refers to model 'auth.User'")
    assert error.id == "run.no-users" and "createsuperuser" not in error.next
