"""A person's command on an appserver: run once, and shown as it was typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dz.errors import UserError
from dz.settings import WorkerSettings
from dz.tasklib.appserver.command import managepy_command
from dz.tasklib.context import Context
from dz.tasklib.jobs import PIPELINES
from dz.tasklib.pipeline import HARD_LIMIT
from dz.tasks.eventlog import EventLog


class NoDoor:
    """Nothing may be asked for."""


def test_a_command_whose_worker_died_is_not_run_again(tmp_path: Path) -> None:
    nothing: Any = NoDoor()
    context = Context(
        job_id=1,
        step_id=1,
        attempt=2,
        step="managepy_command",
        params={"program": "manage.py", "argv": ["loaddata", "two words.json"]},
        results={},
        door=nothing,
        log=EventLog("managepy_command"),
        settings=WorkerSettings(
            home=tmp_path, zoomdb_url="", keys_file=tmp_path, role="appserver", instance_id="app-1"
        ),
        seams=nothing,
        until=0,
        stop=lambda: False,
    )
    with pytest.raises(UserError) as told:
        managepy_command(context)
    assert told.value.id == "run.interrupted"
    assert "manage.py loaddata 'two words.json'" in told.value.brief


def test_a_command_may_last_longer_than_any_task_and_holds_up_no_deploy() -> None:
    pipeline = PIPELINES["managepy_command"]
    (step,) = pipeline.steps
    assert step.aside and step.timeout > HARD_LIMIT
    assert not pipeline.changes
    assert [one.name for kind in PIPELINES.values() for one in kind.steps if one.aside] == ["managepy_command"]
