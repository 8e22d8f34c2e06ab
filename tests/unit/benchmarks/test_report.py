"""The page of ``make bench`` is read back as it was written, and what became a quarter worse is named."""

from benchmarks.machine import percentile
from benchmarks.report import HEAD, Before, Line, last, profile, regressions


def lines(ours: float) -> list[Line]:
    return [
        Line("one line of code changed", 0.5, ours=[ours, ours], floor=[4.0], cpu=[1.0], floor_cpu=[2.0]),
        Line("idle platform", 600, "MB", ours=[300.0]),
    ]


def page(ours: float) -> str:
    return "# Performance\n" + HEAD + "\n".join(line.row() for line in lines(ours)) + "\n"


def test_a_page_tells_each_lines_share_of_its_goal():
    assert last(page(1.0)) == {"one line of code changed": Before(0.5, 4.0), "idle platform": Before(0.5)}


def test_a_line_is_within_its_goal_or_over_it():
    assert lines(2.0)[0].row().endswith("| 0.5 × | ≤ 0.5 × | 1.00 | PASS |")
    assert lines(2.1)[0].row().endswith("| over |")


def test_a_quarter_worse_is_still_none_and_more_is_a_regression_with_its_name():
    assert regressions(lines(1.25), last(page(1.0))) == []
    assert regressions(lines(1.3), last(page(1.0))) == ["one line of code changed: 0.65 of the goal, 0.50 before"]


def test_what_is_still_far_from_its_goal_is_no_regression_however_much_worse():
    assert regressions(lines(1.0), last(page(0.1))) == []
    assert regressions(lines(1.02), last(page(0.1))) == ["one line of code changed: 0.51 of the goal, 0.05 before"]


def test_having_been_quicker_than_the_same_work_by_hand_is_nothing_to_be_held_to():
    before = {"a request": Before(0.6, 7.0)}
    request = Line("a request", 1.15, ours=[7.5], floor=[7.0])
    assert regressions([request], before) == []
    request.ours = [9.0]
    assert regressions([request], before) == ["a request: 1.12 of the goal, 0.60 before"]


def test_seconds_without_a_floor_are_held_to_the_pace_of_the_hand():
    before = {"dz up again": Before(0.6), "a deploy": Before(0.9, 2.0)}
    up = Line("dz up again", 5, "s", ours=[4.5])
    deploy = Line("a deploy", 0.5, ours=[1.8], floor=[4.0])
    assert regressions([up, deploy], before) == []
    deploy.ours, deploy.floor = [0.9], [2.0]
    assert regressions([up, deploy], before) == ["dz up again: 0.90 of the goal, 0.60 before"]
    deploy.ours, deploy.floor = [0.45], [1.0]  # a quicker machine asks no more of us
    assert regressions([up, deploy], before) == ["dz up again: 0.90 of the goal, 0.60 before"]


def test_a_line_that_the_last_page_has_not_is_no_regression():
    assert regressions(lines(9.0), last("# Performance\n")) == []


def test_a_step_has_its_share_of_the_median_seconds():
    text = profile({"rollback": {"deploy": [3.0, 3.0, 9.0], "retire": [1.0]}})
    assert "| deploy | 3.000 | 75 % |" in text
    assert "| retire | 1.000 | 25 % |" in text


def test_a_percentile_is_a_value_that_was_measured():
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert percentile([5.0], 0.99) == 5.0
