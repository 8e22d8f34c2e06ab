"""What ``dz status`` says of the sites on this machine."""

from __future__ import annotations

import pytest

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
