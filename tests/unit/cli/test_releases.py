"""Which release is meant: by its number as people write one, or by its commit."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from dz.cli import arguments, releases
from dz.errors import UserError

LISTED = [
    {"release": 9, "commit": "1234567" + "0" * 33, "state": "failed"},
    {"release": 8, "commit": "beef" * 10, "state": "live"},
    {"release": 7, "commit": "1234567" + "0" * 33, "state": "retired"},
    {"release": 6, "commit": "bead" * 10, "state": "retired"},
]


def meant(word: str) -> int:
    """What the platform is asked for."""
    parser = argparse.ArgumentParser()
    arguments.rollback(parser)
    asked: list[int] = []

    def get(path: str, **query: Any) -> Any:
        if path.endswith("/releases"):
            return LISTED
        asked.append(query["release"])
        raise KeyboardInterrupt

    api: Any = argparse.Namespace(get=get)
    args = parser.parse_args(["shop", word])
    with pytest.raises(KeyboardInterrupt):
        releases.rollback(args, api, None)  # type: ignore[arg-type]
    return asked[0]


@pytest.mark.parametrize("word", ["7", "v7", "r7", "#7", "R7", "1234567", "12345670", "1234567" + "0" * 33])
def test_a_release_is_meant_by_its_number_or_its_commit(word: str) -> None:
    assert meant(word) == 7


def test_a_commit_that_no_release_or_several_have_says_what_to_type() -> None:
    assert meant("BEEF") == 8
    for word, id in (("cafe", "release.no-commit"), ("be" + "ef" * 19, "release.no-commit")):
        with pytest.raises(UserError) as told:
            meant(word)
        assert (told.value.id, "dz releases shop" in told.value.next) == (id, True)
    LISTED[3]["commit"] = "beef1" + "0" * 35
    with pytest.raises(UserError) as told:
        meant("beef")
    assert (told.value.id, "dz releases shop" in told.value.next) == ("release.commits", True)


@pytest.mark.parametrize("word", ["0", "last", "v", "#", "abc", "main"])
def test_what_is_no_release_is_told_what_is(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        meant(word)
    assert f"{word} is no release: give its number, like 12, or its commit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("with_config", "variables", "comes", "said"),
    [
        (False, [], [], "Variables stay; none changed since"),
        (False, ["A"], [], "Variables stay; changed since: A (--with-config takes the old ones too)"),
        (False, [], ["A"], "Today's variables come into use, which release 8 runs without: A"),
        (True, ["A"], ["A"], "Variables go back too: A"),
        (True, ["A"], [], "Variables stay; none changed since"),
    ],
)
def test_a_rollback_says_which_variables_its_release_will_run_with(
    with_config: bool, variables: list[str], comes: list[str], said: str
) -> None:
    change = {"with_config": with_config, "variables": variables, "comes": comes, "from": 8, "migrations": []}
    change |= {"forward": False, "commits": [], "packages": {}, "next_release": 9, "to": 7}
    assert said in releases.verdict(change, "shop")[1]
