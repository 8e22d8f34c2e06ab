"""The soak's plan and page: what ``make soak`` runs at length is tried on a platform in tests/e2e/test_switch."""

from __future__ import annotations

from soak.jobs import order
from soak.page import BEGIN, END, Weight, grown, within


def test_each_kind_of_job_is_spread_evenly_and_a_rollback_has_something_to_go_back_to() -> None:
    kinds = order(100, 20, 20)
    assert [kinds.count(kind) for kind in ("deploy", "fails", "rollback")] == [100, 20, 20]
    assert kinds == order(100, 20, 20)
    for start in range(0, 140, 14):
        assert 9 <= kinds[start : start + 14].count("deploy") <= 11
    assert order(1, 5, 1)[:3] == ["fails", "fails", "deploy"]
    assert "deploy" in order(4, 5, 2)[: order(4, 5, 2).index("rollback")]


def test_a_run_writes_its_own_section_and_leaves_the_rest_of_the_page() -> None:
    first = within("# What happens\nTold.\n", "## Soak\none \\1\n")
    assert first == f"# What happens\nTold.\n\n{BEGIN}\n## Soak\none \\1\n{END}\n"
    assert within(f"{first}\nMore.\n", "two\n") == f"# What happens\nTold.\n\n{BEGIN}\ntwo\n{END}\n\nMore.\n"
    assert within("", "two\n").endswith(f"{BEGIN}\ntwo\n{END}\n")


def test_a_platform_that_takes_more_afterwards_is_told() -> None:
    before = Weight(memory={"panel": 100_000_000, "nginx": 10_000_000}, zoomdb=9, processes=50)
    assert grown(before, Weight(memory={"panel": 115_000_000, "nginx": 12_000_000}, zoomdb=90, processes=55)) == []
    more = Weight(memory={"panel": 100_000_000, "nginx": 90_000_000}, zoomdb=9, processes=99)
    assert grown(before, more) == ["190 MB of memory, 110 before", "99 processes, 50 before"]
