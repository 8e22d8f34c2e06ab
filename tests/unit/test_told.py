"""Requirement lines and ranges that came from an inspected project."""

from __future__ import annotations

import pytest

from dz.tasklib.build.told import django_range, plain


def test_options_paths_and_addresses_are_no_requirement_lines() -> None:
    lines = ["-r /etc/passwd", "--index-url http://x", "./evil", "a @ https://x/a.whl", "Django<5"]
    assert plain(lines) == ("Django<5",)


@pytest.mark.parametrize(
    ("guesses", "wanted"),
    [
        (["4.2.7", "<3.0"], ""),
        (["==4.1.*", "<3.0"], "==4.1.*"),
        (["<3.0", "<4.0"], "<3.0"),
        (["", "<4.0", "<3.0"], "<3.0"),
        ([">=2.0", "<3.0"], "<3.0,>=2.0"),
        ([">=2.0"], ">=2.0"),
        ([], ""),
    ],
)
def test_what_the_code_says_bounds_a_django_that_is_left_open(guesses: list[str], wanted: str) -> None:
    assert django_range(guesses) == wanted
