"""What a hostile project can do on each rung of the ladder, measured from inside; docs/sandbox.md shows this table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from dz.seams.sandbox import Network, Rung
from tests.hostile.ordinary import ORDINARY, as_ordinary_user

pytestmark = pytest.mark.root
LOWER = {"process_list"}  # what both lower rungs lack, with or without a network

# The row of a rung: what breaks out. Everything that is not named is stopped.
EXPECTED = {
    (Rung.FULL, Network.NONE): set(),
    (Rung.USER, Network.NONE): {"closed_file"},
    (Rung.UID, Network.NONE): LOWER,
    (Rung.LIMITS, Network.NONE): LOWER | {"closed_file"},
    (Rung.FULL, Network.SITE): {"broker_tcp"},
    (Rung.USER, Network.SITE): {"broker_tcp", "closed_file"},
    (Rung.UID, Network.SITE): LOWER | {"broker_tcp"},
    (Rung.LIMITS, Network.SITE): LOWER | {"broker_tcp", "broker_unix", "closed_file"},
}
# One defence left away, and the case that must then break out.
REMOVED = [
    (Rung.FULL, "setpriv", "closed_file"),
    (Rung.FULL, "--unshare-pid", "outlive"),
    (Rung.FULL, "--unshare-pid", "process_list"),
    (Rung.FULL, "--unshare-net", "broker_tcp"),
    (Rung.FULL, "--disable-userns", "nested_namespace"),
    (Rung.FULL, "--die-with-parent", "outlive_worker"),
    (Rung.USER, "--unshare-pid", "kill_neighbour"),
    (Rung.LIMITS, "landlock", "zoomdb"),
    (Rung.LIMITS, "filtered", "broker_unix"),
]


def played(rung: Rung, network: Network, folder: Path, without: str = "") -> set[str]:
    """``measure.py`` as the user that the rung is for, under an interpreter that this user can start."""
    ordinary = rung in (Rung.USER, Rung.LIMITS)
    if ordinary:
        os.chown(folder, ORDINARY, ORDINARY)
    env = {"STAND_IN_SECRET": "the-password-of-the-broker-stand-in"}
    argv: list[str | Path] = ["-m", "tests.hostile.measure", folder, rung, network, without]
    finished = as_ordinary_user(argv, root=not ordinary, env=env)
    assert finished.ok, finished.text
    return set(json.loads(finished.text.splitlines()[-1]))


def rows(table: Iterable[tuple[Any, ...]]) -> list[Any]:
    """What a rung needs of this machine, beside root."""
    high = (Rung.FULL, Rung.USER)
    return [pytest.param(*row, marks=[pytest.mark.namespaces] if row[0] in high else []) for row in table]


@pytest.mark.parametrize(("rung", "network"), rows(EXPECTED))
def test_a_hostile_project_breaks_out_of_exactly_what_the_rung_lacks(
    rung: Rung, network: Network, folder: Path
) -> None:
    assert played(rung, network, folder) == EXPECTED[rung, network]


@pytest.mark.parametrize(("rung", "without", "case"), rows(REMOVED))
def test_without_one_defence_the_case_that_it_stops_breaks_out(
    rung: Rung, without: str, case: str, folder: Path
) -> None:
    assert case in played(rung, Network.NONE, folder, without)
