"""What works on a job dies with a command of the project, or freezes: it goes on elsewhere or again, once."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from tests import faultkit, playing
from tests.faultkit import Site

pytestmark = pytest.mark.root


def test_what_a_killed_worker_had_started_goes_with_it(site: Site) -> None:
    number = site.begin(holding="collectstatic")
    first = faultkit.waiting(site.platform, "collectstatic")
    site.answers()
    os.kill(psutil.Process(faultkit.running(site.platform, number, "prove")).ppid(), signal.SIGKILL)
    faultkit.gone(first, "what the dead worker had started")
    faultkit.let_go(faultkit.waiting(site.platform, "collectstatic"))
    assert faultkit.attempts(site.sound(number)) == {"prove": 2}
    faultkit.all_run(site.platform)


def test_a_bundle_whose_build_host_does_not_come_back_is_built_again_by_the_one_that_is_to_store_it(
    site: Site,
) -> None:
    platform = site.platform
    with platform.fault("bundle_upload.claimed", "hold") as fault:
        number = site.begin()
        built_by = psutil.Process(faultkit.held(fault)).ppid()
        with faultkit.frozen(built_by), faultkit.second_build_host(platform):
            job = site.sound(number)
    hosts = {name: playing.step(job, name)["host"] for name in ("build_bundle", "bundle_upload")}
    assert hosts == {"build_bundle": "build-1", "bundle_upload": "build-2"}
    faultkit.all_run(platform)


def test_a_frozen_worker_loses_its_step_to_another_host_and_its_late_record_changes_nothing(
    site: Site,
) -> None:
    platform = site.platform
    with platform.fault("build_bundle.effect", "hold") as fault:
        number = site.begin()
        frozen = faultkit.held(fault)
        with faultkit.frozen(psutil.Process(frozen).ppid()), faultkit.second_build_host(platform):
            job = site.sound(number)
            fault.write_text("")  # nothing: once awake it goes on to record, at once
        faultkit.gone(frozen, "the worker that woke up")
    assert faultkit.attempts(job)["build_bundle"] > 1
    assert playing.step(job, "build_bundle")["host"] == "build-2"
    faultkit.all_run(platform)
    assert platform.dz("job", str(number), "--json").json == job
    site.sound(number)
