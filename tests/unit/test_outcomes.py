"""What an exception means for its step."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from dz.errors import Cancelled, PlatformError, Transient, UserError
from dz.run import DeadlinePassed
from dz.settings import WorkerSettings
from dz.tasklib.pipeline import BUILD, Step

STEP = Step(name="build_bundle", title="Build the bundle", queue=BUILD, timeout=600, run=lambda _: None)
HOST = WorkerSettings(home=".", zoomdb_url="", keys_file=".", role="build", instance_id="build-1")


@pytest.mark.parametrize(
    "error, late, ended, id",
    [
        (UserError("platform.unexpected", where="a.py:1 x", detail="d"), False, "failed", "platform.unexpected"),
        (Cancelled("stop"), False, "cancelled", ""),
        (Transient("soon"), False, "transient", "platform.unexpected"),
        (Transient("index", id="build.index-unreachable"), False, "transient", "build.index-unreachable"),
        (PlatformError("odd"), False, "errored", "platform.unexpected"),
        (PlatformError("full", id="platform.disk-full"), False, "errored", "platform.disk-full"),
        (PlatformError("?", id="platform.no-worker"), False, "errored", "platform.no-worker"),
        (OSError(errno.ENOSPC, "No space left"), False, "errored", "platform.disk-full"),
        (DeadlinePassed(["git"], 30, b""), False, "errored", "platform.unexpected"),
        (DeadlinePassed(["git"], 600, b""), True, "errored", "platform.step-timeout"),
        (KeyError("x"), False, "errored", "platform.unexpected"),
    ],
)
def test_an_exception_becomes_a_result_that_says_whose_it_is(error: Exception, late: bool, ended: str, id: str) -> None:
    from dz.tasks.runner import outcome_of

    outcome: Any = outcome_of(error, STEP, HOST, 0, late=late)
    assert outcome.ended == ended
    assert (outcome.error or {"id": ""})["id"] == id
    if outcome.error:
        assert outcome.error["sentence"].endswith(".") and outcome.error["next"]


def test_pauses_between_tries_grow_but_stay_under_a_minute() -> None:
    from dz.tasks.runner import LONGEST_PAUSE, outcome_of

    for retries in range(8):
        pauses = [outcome_of(Transient("x"), STEP, HOST, retries, late=False).again_in for _ in range(50)]
        assert min(pauses) >= 0 and max(pauses) <= min(LONGEST_PAUSE, 2.0**retries)
