"""The page of ``make bench`` is read back as it was written, and what became a quarter worse is named."""

from benchmarks.machine import percentile
from benchmarks.report import HEAD, Line, last, profile, regressions


def lines(ours: float) -> list[Line]:
    return [
        Line("one line of code changed", 0.5, ours=[ours, ours], floor=[4.0], cpu=[1.0], floor_cpu=[2.0]),
        Line("idle platform", 600, "MB", ours=[300.0]),
    ]


def page(ours: float) -> str:
    return "# Performance\n" + HEAD + "\n".join(line.row() for line in lines(ours)) + "\n"


def test_a_page_tells_each_lines_share_of_its_goal():
    assert last(page(1.0)) == {"one line of code changed": 0.5, "idle platform": 0.5}


def test_a_line_is_within_its_goal_or_over_it():
    assert lines(2.0)[0].row().endswith("| 0.5 × | ≤ 0.5 × | 1.00 | PASS |")
    assert lines(2.1)[0].row().endswith("| over |")


def test_a_quarter_worse_is_still_none_and_more_is_a_regression_with_its_name():
    assert regressions(lines(1.25), last(page(1.0))) == []
    assert regressions(lines(1.3), last(page(1.0))) == ["one line of code changed: 0.65 of the goal, 0.50 before"]


def test_what_is_still_far_from_its_goal_is_no_regression_however_much_worse():
    assert regressions(lines(1.0), last(page(0.1))) == []
    assert regressions(lines(1.02), last(page(0.1))) == ["one line of code changed: 0.51 of the goal, 0.05 before"]


def test_a_line_that_the_last_page_has_not_is_no_regression():
    assert regressions(lines(9.0), last("# Performance\n")) == []


def test_a_step_has_its_share_of_the_median_seconds():
    text = profile({"rollback": {"deploy": [3.0, 3.0, 9.0], "retire": [1.0]}})
    assert "| deploy | 3.000 | 75 % |" in text
    assert "| retire | 1.000 | 25 % |" in text


def test_a_percentile_is_a_value_that_was_measured():
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert percentile([5.0], 0.99) == 5.0
