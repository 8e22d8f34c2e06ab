"""A second build host beside the platform's own: runs with DZ_FAULTS=all, because on two busy cores it is not yet sure
which host takes the step in time."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests import faultkit, playing
from tests.faultkit import Site

pytestmark = pytest.mark.root


def test_a_frozen_worker_loses_its_step_to_another_host_and_its_late_record_changes_nothing(
    site: Site, tmp_path: Path
) -> None:
    platform = site.platform
    with platform.fault("build_bundle.effect", "hold") as fault, faultkit.second_build_host(platform, tmp_path):
        number = site.begin()
        frozen = faultkit.at_build_1(platform, number, fault)
        with faultkit.frozen(psutil.Process(frozen).ppid()):
            job = site.sound(number)
            fault.write_text("")  # nothing: once awake it goes on to record, at once
        faultkit.gone(frozen, "the worker that woke up")
    assert faultkit.attempts(job)["build_bundle"] > 1
    assert playing.step(job, "build_bundle")["host"] == "build-2"
    faultkit.all_run(platform)
    assert platform.dz("job", str(number), "--json").json == job
    site.sound(number)
