"""A full disk is told as what it is, leaves nothing half-made, and the next deployment goes live."""

from __future__ import annotations

import pytest

from tests import faultkit
from tests.faultkit import Site

pytestmark = pytest.mark.mount


@pytest.mark.parametrize("where", ["build", "run"])
def test_a_full_disk_ends_the_job_as_ours_and_leaves_the_live_release_alone(site: Site, where: str) -> None:
    platform, app = site.platform, faultkit.app_id(site.project)
    with faultkit.full(platform.home / where / app):
        number = site.begin()
        job = faultkit.ended(platform, number)
        assert (job["state"], job["error_id"]) == ("errored", "platform.disk-full"), job
        site.answers()
        assert faultkit.half_made(platform, app) == []
    site.sound(site.begin())
