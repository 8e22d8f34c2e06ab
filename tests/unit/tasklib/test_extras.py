"""Which extras and groups a build installs: those of the build config, on which a person has the last word."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.tasklib.build.dependencies import wanted_of
from dz.tasklib.build.inspect.__main__ import report
from dz.tasklib.build.inspect.runner import read_answer
from dz.tasklib.build.opening import with_confirmed
from dz.tasklib.buildconfig import Pairs
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import FILES

PYPROJECT = "[project]\nname = 'a'\nversion = '1'\ndependencies = ['django']\n[project.optional-dependencies]\n"
TREE = {name: text for name, text in FILES.items() if name != "requirements.txt"} | {
    "pyproject.toml": PYPROJECT + "live = ['redis']\nspare = ['rich']\n'no name' = []\n"
}
LIVE, SPARE = ("extra", "live"), ("extra", "spare")


@pytest.mark.parametrize(
    ("committed", "confirmed", "expected"),
    [
        ("", {}, (LIVE,)),
        ("extras = extra spare", {}, (SPARE,)),
        ("extras =", {}, ()),
        ("", {"extras": "extra spare"}, (SPARE,)),
        ("extras = extra spare", {"extras": ""}, ()),
        ("", {"installer": "requirements"}, ()),  # the file that has them was not chosen
        ("", {"python_version": "3.12"}, (LIVE,)),  # confirmed before there was such a key
    ],
)
def test_what_a_person_says_beats_the_guess(
    committed: str, confirmed: dict[str, str], expected: Pairs, tmp_path: Path
) -> None:
    files = TREE | ({"zoombuild.cfg": f"[project]\n{committed}\n"} if committed else {})
    found = read_answer(json.dumps(report(write_tree(tmp_path, files))).encode())
    kept = "\n".join(("[project]", *(f"{key} = {value}" for key, value in confirmed.items())))
    config = with_confirmed(found, _any(build_config=kept, confirmed=tuple(confirmed)))
    door = _any(guesses=lambda field: [one for one in found.guesses if one.field == field])
    assert wanted_of(_any(config=config, ctx=_any(door=door, results={}, log=None))).extras == expected


def test_a_commit_of_the_year_10000_is_of_today_at_the_latest() -> None:
    config = _any(installer="none", pip_reqs=(), extras=(), project_root="", processes="", asgi_application="")
    door = _any(guesses=lambda field: [])
    opened = {"build_and_deploy": {"committed_at": 253_402_300_800}}
    build = _any(config=config, ctx=_any(door=door, results=opened, log=None))
    assert wanted_of(build).as_of <= str(date.today() + timedelta(days=2))


def _any(**values: object) -> Any:
    return SimpleNamespace(**values)
