"""What runs with DZ_FAULTS=all only: a second build host (on two busy cores it is not yet sure which host takes the step
in time), and supervisord killed (the job ends well, but a site's old processes outlive it)."""

from __future__ import annotations

import os
import signal
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


def test_supervisord_killed_in_mid_job_is_mended_by_the_next_up(site: Site) -> None:
    platform = site.platform
    with platform.fault("deploy.effect", "hold") as fault:
        number = site.begin()
        worker = faultkit.held(fault)
        os.kill(int((platform.home / "supervisord.pid").read_text()), signal.SIGKILL)
        faultkit.gone(worker, "what supervisord ran")
        platform.up()
    job = site.sound(number)
    assert faultkit.attempts(job) == {"deploy": 2}
