"""When a program that dies again and again is given up."""

from __future__ import annotations

from collections.abc import Sequence

from dz.seams.supervisor import Status
from dz.tasklib.appserver.watch import Watch


def told(*states: tuple[str, int | None] | None) -> Sequence[str | None]:
    left = iter(states)

    def status() -> Status | None:
        state = next(left)
        return Status(name="x", state=state[0], pid=state[1], since=None, detail="") if state else None

    watch = Watch(status)
    return [watch() for _ in states]


def test_one_death_is_forgiven_and_the_second_is_not() -> None:
    assert told(("backoff", None), ("backoff", None), ("starting", 7), ("running", 7)) == [None] * 4
    assert told(("starting", 7), ("backoff", None), ("starting", 8), ("backoff", None))[-2:] == [
        None,
        "2 times in a row",
    ]


def test_deaths_between_two_looks_are_counted_by_pid() -> None:
    assert told(("starting", 7), ("starting", 8), ("starting", 9)) == [None, None, "2 times in a row"]


def test_what_the_supervisor_gave_up_or_does_not_know_has_ended() -> None:
    assert told(("fatal", None), None) == ["fatal", "it is not running"]
