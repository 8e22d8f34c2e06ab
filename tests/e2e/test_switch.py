"""Not one request fails while changes go live, while versions that can't live are tried beside the live one, and while
one is taken back; and only what is still needed is left. ``make soak`` does the same for longer."""

from __future__ import annotations

from pathlib import Path

from soak.jobs import order, soaking

from tests.platforms import Platform


def test_no_request_fails_while_changes_go_live_or_fail_or_are_taken_back(platform: Platform, tmp_path: Path) -> None:
    with soaking(platform, tmp_path, "switch", rate=60) as soak:
        soak.run(order(deploys=1, failing=5, rollbacks=1))
    counted = soak.load.counted
    assert counted.failed == []
    assert counted.good == counted.sent == sum(counted.releases.values())
    assert [one.kind for one in soak.done] == [
        "deploy that fails (build)",
        "deploy that fails (import)",
        "deploy",
        "deploy that fails (start)",
        "rollback",
        "deploy that fails (migration)",
        "deploy that fails (health)",
    ]
