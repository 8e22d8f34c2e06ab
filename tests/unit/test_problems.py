"""The registry of what can go wrong, and its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dz.errors import UserError, with_name
from dz.problems import Problem, registry
from dz.problems.__main__ import page

DOCS = Path(__file__).parents[2] / "docs"
UNFIT = re.compile(r"(?i)\b(oops|sorry|please|forbidden|an error occurred)\b")


def test_the_page_of_errors_is_the_registry() -> None:
    assert (DOCS / "errors.md").read_text() == page(), "python -m dz.problems > docs/errors.md"


@pytest.mark.parametrize("problem", registry().values(), ids=lambda problem: problem.id)
def test_a_problem_says_what_and_what_next(problem: Problem) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*\.[a-z0-9-]+", problem.id)
    assert problem.sentence
    assert problem.next
    assert not UNFIT.search(problem.sentence + problem.next)


@pytest.mark.parametrize("area", ["repo", "platform", "python"])
def test_what_a_check_meets_too_does_not_tell_to_deploy_again(area: str) -> None:
    met = [one for one in registry().values() if one.id.startswith(f"{area}.")]
    assert met and not [one.id for one in met if "deploy again" in one.next.lower()]


@pytest.mark.parametrize(
    "problem", [one for one in registry().values() if "PROJECT" in one.next], ids=lambda one: one.id
)
def test_an_act_that_does_not_know_the_project_gets_its_name(problem: Problem) -> None:
    assert "PROJECT" not in with_name(problem.next, "shop")


@pytest.mark.parametrize("variable", ["PROJECT", "PROJECT_PATH", "MY_PROJECT"])
def test_a_variable_that_is_called_like_it_keeps_its_name(variable: str) -> None:
    error = UserError("settings.variable-missing", variable=variable)
    assert with_name(error.next, "shop").startswith(f"dz env set shop {variable} ")
