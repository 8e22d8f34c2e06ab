"""kill -9 and freezing of what works on a job: it goes on elsewhere or again, and does everything once."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from tests import faultkit
from tests.faultkit import Site

pytestmark = pytest.mark.root


@pytest.mark.parametrize("whole", [False, True], ids=["the-child", "the-whole-worker"])
def test_a_killed_worker_costs_an_attempt_in_the_build_and_one_in_the_deployment(site: Site, *, whole: bool) -> None:
    with site.platform.fault("deploy.effect", "kill-worker" if whole else "kill"):
        number = site.begin(holding="collectstatic")
        first = faultkit.waiting(site.platform, "collectstatic")
        site.answers()
        worker = faultkit.running(site.platform, number, "build_bundle")
        os.kill(psutil.Process(worker).ppid() if whole else worker, signal.SIGKILL)
        faultkit.gone(first, "what the dead worker had started")
        faultkit.let_go(faultkit.waiting(site.platform, "collectstatic"))
        job = site.sound(number)
    assert faultkit.attempts(job) == {"build_bundle": 2, "deploy": 2}
    faultkit.all_run(site.platform)
