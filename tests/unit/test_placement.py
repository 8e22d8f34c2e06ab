"""Which appserver is chosen, and what is said when none is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dz.errors import PlatformError, Transient
from dz.names import InstanceId
from dz.tasklib.appserver.placement import choose
from dz.tasklib.appserver.ports import parse
from dz.tasklib.records import Host

PLATFORM = "linux-x86_64"


def host(name: str, **changes: object) -> Host:
    plain = Host(
        instance_id=InstanceId(name),
        role="appserver",
        address="127.0.0.1",
        platform=PLATFORM,
        silent_for=1.0,
        load=0.5,
        memory=0.5,
        disk=0.5,
        capacity=10,
        deployments=2,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def chosen(*hosts: Host) -> str:
    return choose(hosts, platform=PLATFORM, fresh_within=15).instance_id


def test_the_least_loaded_host_takes_it_then_memory_then_deployments_decide() -> None:
    assert chosen(host("a", load=0.9), host("b", load=0.1, memory=0.9)) == "b"
    assert chosen(host("a", memory=0.9), host("b", deployments=9)) == "b"
    assert chosen(host("a", load=0.51), host("b", load=0.49, deployments=1)) == "b"
    assert chosen(host("b"), host("a")) == "a"


def test_a_silent_host_is_never_chosen_however_idle() -> None:
    assert (
        chosen(host("silent", load=0.0, memory=0.0, deployments=0, silent_for=15.1), host("busy", load=9.0)) == "busy"
    )


def test_none_fits_and_the_reason_is_told_of_each() -> None:
    hosts = [
        host("silent", silent_for=99),
        host("other", platform="linux-aarch64"),
        host("full", deployments=10),
        host("stuffed", disk=0.99),
    ]
    with pytest.raises(PlatformError) as caught:
        chosen(*hosts)
    assert caught.value.id == "deploy.no-appserver"
    assert isinstance(caught.value, Transient), "the silent one may speak again"
    for word in ("silent has been silent for 99 s", "other is linux-aarch64", "full has 10 of at most 10", "stuffed"):
        assert word in caught.value.detail
    with pytest.raises(PlatformError, match="none has ever been heard of"):
        chosen()


@pytest.mark.parametrize("text", ["", "21000", "28999-21000", "80-90", "21000-70000", "21000-28999\n", "a-b"])
def test_a_range_of_ports_has_two_ends_above_the_privileged_ones(text: str) -> None:
    assert len(parse("21000-21009")) == 10
    with pytest.raises(PlatformError):
        parse(text)
