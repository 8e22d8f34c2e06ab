"""The line that demands a Python which no build host has."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from dz.errors import UserError
from dz.tasklib.build import demanded
from dz.tasklib.records import Basis, Guess
from tests.unit.test_interpreters import HERE


def guess(field: str, value: str, file: str, line: int | None, excerpt: str) -> Guess:
    basis = Basis(file=file, line=line, excerpt=excerpt, why="it is pinned")
    return Guess(field=field, value=value, basis=basis, confidence=0.9)


GUESSES = [
    guess("django_version", "1.7.11", "requirements.txt", 3, "Django==1.7.11  "),
    guess("django_version", "<2.0", "shop/settings.py", 9, "MIDDLEWARE_CLASSES = ["),
    guess("python_version", ">=3.14", "uv.lock", 2, 'requires-python = ">=3.14"'),
]
LOCK = {"needs": "the lock file is for Python >=3.14", "here": "3.13.0", "pythons": ">=3.14"}


def demand(declared: str = "", guesses: Sequence[Guess] = GUESSES) -> demanded.Demand:
    door: Any = SimpleNamespace(guesses=lambda field: tuple(one for one in guesses if one.field == field))
    return demanded.of(door, declared)


def test_where_no_python_runs_the_django_the_line_that_asks_for_it_is_told() -> None:
    with pytest.raises(UserError) as told:
        demand(">=3.14").choose(HERE)
    assert (told.value.id, told.value.where) == ("python.none-fits", "requirements.txt:3  Django==1.7.11")


def test_what_a_lock_is_for_stands_where_the_python_is_declared() -> None:
    error = UserError("python.none-fits", **LOCK)
    assert demand(">=3.14").placed(error).where == 'uv.lock:2  requires-python = ">=3.14"'
    assert demand("3.12").placed(error).where == "", "somebody chose that, and no line says it"


@pytest.mark.parametrize(
    "error",
    [
        UserError("python.none-fits", where="uv.lock:9  x", **LOCK),
        UserError("python.none-fits", package="x==1", **LOCK),
        UserError("build.package-not-found", package="x"),
    ],
    ids=["it has its place", "a package's word", "another error"],
)
def test_what_has_another_cause_stays_as_it_is(error: UserError) -> None:
    assert demand(">=3.14").placed(error) is error


def test_what_no_file_says_has_no_place() -> None:
    nowhere = [guess("django_version", "1.7.11", "", None, "")]
    with pytest.raises(UserError) as told:
        demand(guesses=nowhere).choose(HERE)
    assert told.value.where == ""
