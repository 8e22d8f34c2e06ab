"""An appserver's firewall follows what its projects may reach, and other roles have none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr

from dz.run import run
from dz.seams.sandbox.network import ensure_rules, forget_rules, take_own
from dz.settings import WorkerSettings

pytestmark = pytest.mark.root
BASE = 620_000_000  # of no platform


def settings(role: Literal["appserver", "build"]) -> WorkerSettings:
    return WorkerSettings(
        home=Path(),
        zoomdb_url=SecretStr(""),
        keys_file=Path(),
        role=role,
        instance_id="x-1",
        uid_base=BASE,
        sites_reach="10.9.8.7:6379",
    )


def laid() -> str:
    return run(["/usr/sbin/nft", "list", "table", "inet", f"dz_sites_{BASE}"], deadline=60).text


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    forget_rules(BASE)
    assert "No such file" in laid()


def test_the_firewall_is_laid_anew_when_a_database_server_comes(zoomdb: str) -> None:
    from dz.tasks.fence import Keeper
    from dz2.models import DatabaseServer

    keeper = Keeper(settings("appserver"))
    DatabaseServer.objects.create(instance_id="db-1", address="/run/sockets")
    assert keeper.column() == {"network": "closed"}
    assert "ip daddr 10.9.8.7 tcp dport 6379 accept" in laid() and "10.1.1.5" not in laid()
    DatabaseServer.objects.create(instance_id="db-2", address="10.1.1.5", port=5433)
    assert keeper.column() == {"network": "closed"}
    assert "ip daddr 10.1.1.5 tcp dport 5433 accept" in laid()
    assert Keeper(settings("build")).column() == {}


def test_of_a_port_that_is_taken_back_nothing_stays() -> None:
    assert ensure_rules(BASE, own=[(BASE + 1, 21_001), (BASE + 2, 21_002)]).network == "closed"
    take_own(BASE, BASE + 1, 21_001)
    take_own(BASE, BASE + 1, 21_002)  # another's by now
    assert "21001" not in laid()
    assert laid().count("21002") == 2
