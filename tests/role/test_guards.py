"""Each guard of the engine, removed from a copy of the source: the scenario that it is there for goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.role import toyland

ROOT = Path(__file__).resolve().parent.parent.parent

# scenario, how it must come out, the guard (file, text, what stands instead), how it comes out without
GUARDS = [
    pytest.param(
        "two_messages_for_one_attempt",
        "1 claims",
        ("dz2/engine.py", "attempt=attempt,\n        state=StepState.READY,\n", "attempt=attempt,\n"),
        "2 claims",
        id="the claim's WHERE",
    ),
    pytest.param(
        "a_worker_comes_back_after_its_lease",
        "running",
        ("dz2/engine.py", " attempt=claimed.attempt,", ""),
        "failed",
        id="the attempt in record",
    ),
    pytest.param(
        "the_broker_loses_a_message",
        "1 more ring",
        ("dz2/ringing.py", "least(%s, %s * 2 ^ least(rings, 20))", "nullif(least(%s, %s), 0) * NULL"),
        "0 more ring",
        id="the re-ring",
    ),
    pytest.param(
        "two_deploys_at_once",
        "waiting",
        ("dz2/advancing.py", ".select_for_update(no_key=True).get(pk=project_id)", ".get(pk=project_id)"),
        "refused",
        id="the project lock",
    ),
    pytest.param(
        "two_steps_alone_at_once",
        "1 claims",
        ("dz2/engine.py", "pg_advisory_xact_lock(hashtext(queue))", "hashtext(queue)"),
        "2 claims",
        id="the lock of steps alone",
    ),
]


@pytest.mark.usefixtures("zoomdb")
def test_with_every_guard_each_scenario_comes_out_right(migrated: str, keys_file: Path, tmp_path: Path) -> None:
    scenarios = [str(guard.values[0]) for guard in GUARDS]
    came_out = run(scenarios, toyland.lay(tmp_path / "whole"), migrated, keys_file)
    assert came_out == [guard.values[1] for guard in GUARDS]


@pytest.mark.parametrize("scenario, right, guard, wrong", GUARDS)
@pytest.mark.usefixtures("zoomdb")
def test_without_its_guard_a_scenario_goes_wrong(
    scenario: str, right: str, guard: tuple[str, str, str], wrong: str, migrated: str, keys_file: Path, tmp_path: Path
) -> None:
    file, text, instead = guard
    without = toyland.lay(tmp_path / "without", {file: [(text, instead)]})
    assert right != wrong
    assert run([scenario], without, migrated, keys_file) == [wrong]


def run(scenarios: list[str], source: Path, url: str, keys_file: Path) -> list[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("DZ_")}
    env |= {"PYTHONPATH": f"{source}:{ROOT}", "DZ_ZOOMDB_URL": url, "DZ_KEYS_FILE": str(keys_file), "DZ_ROLE": "build"}
    argv = [sys.executable, "-m", "tests.role.guarded", *scenarios]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    return done.stdout.splitlines()
