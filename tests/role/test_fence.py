"""An appserver's firewall follows what its projects may reach, and other roles have none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import SecretStr

from dz.run import run
from dz.seams.sandbox.network import ensure_rules, forget_rules, take_own
from dz.settings import WorkerSettings
from tests.role.test_processes import built, placed
from tests.role.test_zoomdb import hosts, j

__all__ = ["hosts", "j"]

pytestmark = pytest.mark.root
BASE = 620_000_000  # of no platform


def settings(role: Literal["appserver", "build"], host: str = "x-1") -> WorkerSettings:
    return WorkerSettings(
        home=Path(),
        zoomdb_url=SecretStr(""),
        keys_file=Path(),
        role=role,
        instance_id=host,
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


@pytest.mark.usefixtures("hosts")
def test_where_sites_are_served_nobody_else_answers_after_the_table_is_laid_anew(j: Any) -> None:
    from dz.tasks.fence import Keeper

    shop = j.project()
    _, door = built(j, shop)
    rows = placed(door)
    door.stopped(rows["web.2"].id)
    Keeper(settings("appserver", "app-1")).column()
    at = rows["web.1"]
    assert f"{BASE + shop.pk} . {at.address} . {at.port}" in laid()
    assert f". {rows['web.2'].port}" not in laid(), "its port may be another's by now"
    Keeper(settings("appserver", "app-2")).column()
    assert f". {at.port}" not in laid(), "it is on another host"


@pytest.mark.usefixtures("hosts")
def test_a_site_that_is_placed_while_the_table_is_loaded_is_guarded(j: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its step has let it answer by itself, and the table that was loaded a moment later knew nothing of it."""
    from dz.seams.sandbox import network
    from dz.tasks.fence import Keeper

    shop = j.project()
    _, door = built(j, shop)
    rows: dict[str, Any] = {}

    def meanwhile(*args: Any, **more: Any) -> network.Fence:
        rows.update(rows or placed(door))
        return ensure_rules(*args, **more)

    monkeypatch.setattr(network, "ensure_rules", meanwhile)
    Keeper(settings("appserver", "app-1")).column()
    at = rows["web.1"]
    assert f"{BASE + shop.pk} . {at.address} . {at.port}" in laid()
