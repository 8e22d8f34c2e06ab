"""The lanes of ``make test``: which stages run when one is red, and what is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "bin"
RUN = "import sys, steps; sys.exit(steps.together({lanes!r}))"
GREEN, RED = "print({name!r})", "print({name!r}); raise SystemExit(2)"
INTERRUPTS = f"import os, time; os.kill(os.getppid(), {signal.SIGINT:d}); time.sleep(60)"


def ran(*lanes: dict[str, str]) -> tuple[int, list[str], list[str]]:
    """The exit code, what the stages said, and which began and ended, in that order each."""
    argv = [[(name, [sys.executable, "-Ic", code.format(name=name)]) for name, code in lane.items()] for lane in lanes]
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(lanes=argv)],
        env={**os.environ, "PYTHONPATH": str(BIN)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    ended = [line.split()[1] for line in done.stderr.splitlines() if line.startswith("stage ")]
    return done.returncode, done.stdout.split(), sorted(ended)


def test_what_the_second_lane_says_follows_the_first() -> None:
    assert ran({"a": f"import time; time.sleep(0.5); {GREEN}", "b": GREEN}, {"c": GREEN, "d": GREEN}) == (
        0,
        ["a", "b", "c", "d"],
        ["a", "b", "c", "d"],
    )


@pytest.mark.parametrize("first", [True, False])
def test_beside_a_stage_that_is_red_the_other_ends_and_none_begins(first: bool) -> None:
    red, long = {"a": RED, "b": GREEN}, {"c": f"import time; time.sleep(2); {GREEN}", "d": GREEN}
    code, said, ended = ran(*((red, long) if first else (long, red)))
    assert (code, sorted(said), ended) == (1, ["a", "c"], ["a", "c"])


def test_an_interrupt_begins_no_stage() -> None:
    code, _, ended = ran({"a": INTERRUPTS}, {"c": f"import time; time.sleep(2); {GREEN}", "d": GREEN})
    assert (code, ended) == (-signal.SIGINT, ["c"])
