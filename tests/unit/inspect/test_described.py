"""What app.json says a variable is for is told with it, where a person is asked for its value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dz.tasklib.build.inspect.__main__ import report
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import FILES


def why(folder: Path, env: Any, **more: str) -> str:
    settings = FILES["wombat/settings.py"] + "\nimport os\nSTRIPE = os.environ['STRIPE_API_KEY']\n"
    tree = FILES | {"wombat/settings.py": settings, "app.json": json.dumps({"env": env})} | more
    found = report(write_tree(folder, tree))["guesses"]
    (one,) = (one for one in found if one["field"] == "environment" and one["value"] == "STRIPE_API_KEY")
    return str(one["basis"]["why"])


def test_the_description_of_a_variable_is_told_with_it(tmp_path: Path) -> None:
    env = {"STRIPE_API_KEY": {"description": "From the\n  dashboard: Developers, API keys", "required": True}}
    told = "app.json says: From the dashboard: Developers, API keys"
    assert why(tmp_path / "a", env).endswith(f"; {told}")
    beside = {".env.example": "STRIPE_API_KEY=\n", "old/app.json": json.dumps({"env": {"STRIPE_API_KEY": {}}})}
    assert why(tmp_path / "b", env, **beside).endswith(f"; .env.example names it; {told}")
    assert len(why(tmp_path / "c", {"STRIPE_API_KEY": {"description": "x" * 5000}})) < 300


@pytest.mark.parametrize(
    "env", [{"STRIPE_API_KEY": "sk"}, {"STRIPE_API_KEY": {"description": ["a"]}}, {"STRIPE_API_KEY": None}, ["A"], {}]
)
def test_what_describes_nothing_is_passed_over(env: Any, tmp_path: Path) -> None:
    assert "app.json" not in why(tmp_path, env)
