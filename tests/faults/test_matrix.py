"""Ten cases of the fault matrix, always the same: every pair of step, place and victim in them is a new one. All 324:
``make faults``, and what they showed: docs/reliability.md."""

from __future__ import annotations

import pytest

from tests.faults import matrix
from tests.faults.changing import Changing, changing
from tests.faults.matrix import Case
from tests.platforms import Platform

pytestmark = pytest.mark.root
TEN = matrix.sampled(matrix.every_case(), 10)


@pytest.fixture(scope="module")
def live(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Changing:
    return changing(platform, tmp_path_factory.mktemp("repositories"))


@pytest.mark.parametrize("case", TEN, ids=[case.name for case in TEN])
def test_a_kill_in_mid_step_leaves_one_whole_version_live_and_nothing_behind(live: Changing, case: Case) -> None:
    ended = matrix.run(case, live)["job"]
    assert ended == "succeeded" or case.victim.startswith("postgres")  # which may take longer than a job waits for it


def test_the_ten_have_every_victim_and_place_and_no_pair_twice() -> None:
    assert {case.victim for case in TEN} == set(matrix.VICTIMS)
    assert {case.point for case in TEN} == set(matrix.POINTS)
    assert len({pair for case in TEN for pair in case.pairs}) == 3 * len(TEN)
