"""What a running site reaches with and without the firewall, on both rungs of root; docs/sandbox.md shows this."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dz.seams.sandbox import Rung
from dz.seams.sandbox.network import rules
from tests.hostile.ordinary import as_ordinary_user

BASE = 600_000_000  # of no platform
CLOSED = {
    "broker": "refused", "broker_by_ipv6": "refused", "neighbour": "refused", "metadata": "refused",
    "panel_by_another_address": "refused", "private": "refused", "own_site_by_itself": "refused",
    "neighbour_where_it_is_served": "refused",
    "visitor_of_own_site_by_itself": "reached", "visitor_of_neighbour_where_it_is_served": "left",
    "visitor_in_a_flood_of_site": "reached", "visitor_in_a_flood_of_neighbour_in_its_place": "left",
    "stranger_where_a_site_would_be_served": "left",
    "redis": "reached", "neighbour_on_its_port": "left", "root_on_its_port": "left",
    "database": "reached", "public": "left", "name_server": "left",
}  # fmt: skip
OPEN = dict.fromkeys(CLOSED, "reached") | {"private": "left", "public": "left", "name_server": "left"}


@pytest.mark.mount  # a network of its own for each case
@pytest.mark.parametrize("rung", [Rung.FULL, Rung.UID])
@pytest.mark.parametrize("laid", ["laid", "left"])
def test_a_running_site_reaches_nothing_of_the_platform_once_the_rules_are_laid(
    rung: Rung, laid: str, folder: Path
) -> None:
    argv: list[str | Path] = ["-m", "tests.hostile.fenced", folder, rung, str(BASE), laid]
    finished = as_ordinary_user(argv, root=True, own_network=True)
    assert finished.ok, finished.text
    (network, why), found = json.loads(finished.text.splitlines()[-1])
    # A kernel without nftables must at least say so; then the site reaches what it does without rules.
    assert network == "closed" or why
    expected = CLOSED if network == "closed" else OPEN
    assert found == {name: what for name, what in expected.items() if name in found}
    assert set(expected) - set(found) <= {"broker_by_ipv6", "name_server"}


def test_what_is_allowed_is_an_address_and_never_words_of_the_firewall() -> None:
    with pytest.raises(ValueError, match="address"):
        rules(BASE, [("127.0.0.1 accept #", 5432)], [])
