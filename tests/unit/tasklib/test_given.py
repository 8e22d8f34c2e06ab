"""What a variable is given, in a line and back."""

from __future__ import annotations

import pytest

from dz.tasklib.given import Given


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("DB_NAME", Given(name="DB_NAME")),
        ("PASSWORD<DB_PASSWORD", Given(name="PASSWORD", like="DB_PASSWORD")),
        ("DEBUG=", Given(name="DEBUG", text="")),
        ("LEVEL=a<b@=c", Given(name="LEVEL", text="a<b@=c")),
        ("POST_HOST@=localhost", Given(name="POST_HOST", text="localhost", is_mail=True)),
    ],
)
def test_a_line_says_it_whole(line: str, given: Given) -> None:
    assert Given.parse(line) == given
    assert given.line() == line
