"""What ``dz status`` says of the sites on this machine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from dz.local import status
from dz.local.status import sites_of

SHOP = [("shop", 7, 3, "web.1"), ("shop", 7, 3, "web.2"), ("shop", 7, 3, "worker.1")]


@pytest.mark.parametrize(
    ("running", "state", "missing"),
    [
        ({"p00000007-3-web.1", "p00000007-3-web.2", "p00000007-3-worker.1"}, "live", ""),
        ({"p00000007-3-web.1", "p00000007-3-worker.1"}, "degraded", "web.2"),
        ({"p00000007-3-web.1", "p00000007-3-web.2"}, "degraded", "worker.1"),
        ({"p00000007-2-web.1", "p00000007-3-worker.1"}, "down", "web.1 web.2"),
        (set(), "down", "web.1 web.2 worker.1"),
    ],
)
def test_a_site_is_live_degraded_or_down_by_what_of_its_live_release_runs(
    running: set[str], state: str, missing: str
) -> None:
    assert sites_of(SHOP, running) == [{"name": "shop", "state": state, "missing": missing}]


@pytest.mark.parametrize(
    ("live", "said"), [(0, "0 projects live"), (1, "1 project live"), (None, "which projects are live is not known")]
)
def test_of_what_nobody_can_ask_none_is_said_to_be_down(live: int | None, said: str) -> None:
    assert status.said_live(live) == said


def test_a_platform_database_that_is_down_knows_of_no_site_and_that_is_not_none() -> None:
    plan = cast(Any, SimpleNamespace(zoomdb_url="postgresql:///zoomdb?host=/nowhere"))
    assert status._zoomdb(plan) is None


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (29_000_000, "Only 29 MB of disk are left; builds need 2 GB. Free some space at /srv/dz."),
        (1_900_000_000, "Only 1.9 GB of disk are left; builds need 2 GB. Free some space at /srv/dz."),
        (2_100_000_000, ""),
    ],
)
def test_a_disk_that_is_nearly_full_is_said_to_be_before_a_deploy_meets_it(free: int, said: str) -> None:
    assert status.scarce(free, "/srv/dz") == said
