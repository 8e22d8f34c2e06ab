"""The fault matrix: each step × where in it × what is killed there with -9. Which cases there are, and how one is run.

The step is parked at a named point, the victim gets SIGKILL, the step is let go while the victim is still away. What
then must be true is ``finished``: the job ended, once, and rightly; nothing half; the old version answered throughout.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from dz.tasklib.again import CONFIG
from dz.tasklib.build_and_deploy import BUILD_AND_DEPLOY
from dz.tasklib.check_repo import CHECK_REPO
from tests import faultkit, playing
from tests.faults.changing import Changing
from tests.faults.probing import probed
from tests.platforms import Platform

POINTS = {
    "claimed": "before the effect",
    "inside": "inside it",
    "effect": "after it, not yet recorded",
}
# The child of the worker that runs the step, the whole worker, and what they stand on.
VICTIMS = ("child", "worker", "dispatcher", "broker", "postgres-zoomdb", "postgres-projects")
JOBS = (BUILD_AND_DEPLOY, CONFIG, CHECK_REPO)


@dataclass(frozen=True, order=True)
class Case:
    job: str
    step: str
    point: str
    victim: str

    @property
    def name(self) -> str:
        return f"{self.job}.{self.step}-{self.point}-{self.victim}"

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        values = (f"{self.job}.{self.step}", self.point, self.victim)
        return frozenset(itertools.combinations(values, 2))


def every_case() -> list[Case]:
    steps = [(job.kind, step.name) for job in JOBS for step in job.steps]
    return [Case(*step, point, victim) for step in steps for point in POINTS for victim in VICTIMS]


def sampled(cases: Iterable[Case], most: int) -> list[Case]:
    """Always the same few cases, which cover as many pairs of values as so many can: each is the one that adds most,
    and of these one whose values were chosen least."""
    left, chosen = list(cases), list[Case]()
    while left and len(chosen) < most:
        seen = frozenset().union(*(one.pairs for one in chosen))
        best = max(left, key=lambda case: (len(case.pairs - seen), -_used(case, chosen)))
        left.remove(best)
        chosen.append(best)
    return chosen


def _used(case: Case, chosen: Sequence[Case]) -> int:
    return sum(
        weight
        for one in chosen
        for weight, same in ((9, one.step == case.step), (3, one.victim == case.victim), (1, one.point == case.point))
        if same
    )


def run(case: Case, site: Changing) -> dict[str, Any]:
    """One case; what happened, in words. AssertionError if it is not what is promised."""
    platform = site.platform
    with probed(site) as answers:
        with platform.fault(f"{case.step}.{case.point}", "hold") as fault:
            number = site.begin(case.job, unforeseen=case.step == "prove")
            child = faultkit.held(fault)
            began = time.monotonic()
            kill(platform, case.victim, child)
        job = site.finished(number)
        seconds = time.monotonic() - began
    answers.are_of(*site.versions)
    faultkit.all_run(platform)
    site.nothing_is_left(number)
    attempts = faultkit.attempts(job)
    return {"job": job["state"], "error": job["error_id"], "attempts": attempts, "seconds": round(seconds, 1)}


def kill(platform: Platform, victim: str, child: int) -> None:
    match victim:
        case "child":
            os.kill(child, signal.SIGKILL)
            faultkit.gone(child, "the worker's child")
        case "worker":
            os.kill(psutil.Process(child).ppid(), signal.SIGKILL)
            faultkit.gone(child, "a child of the dead worker")
        case _:
            pid = playing.supervised(platform)[victim].pid
            assert pid is not None, f"{victim} does not run"
            os.kill(pid, signal.SIGKILL)
