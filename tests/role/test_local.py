"""The embedded platform itself, on the session's one: it answers, heals, and is harmless to start twice; one more of its
own shows that ``dz down`` leaves nothing."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import psutil
import pytest

from dz.local.down import lift_fence
from dz.seams.sandbox.network import ensure_rules
from tests.platforms import Platform, start, stop
from tests.waiting import until

WORKERS = {
    "worker-build": "-Q build",
    "worker-appserver": "-Q all_appservers,appserver_app-1",
    "worker-proxy": "-Q proxy",
    "worker-database": "-Q database",
}
USERS = {
    "postgres-zoomdb": "dz-core",
    "postgres-projects": "dz-pg",
    "broker": "dz-core",
    "panel": "dz-core",
    "dispatcher": "dz-core",
    "worker-proxy": "dz-proxy",
    "worker-database": "dz-db",
    "push": "dz-push",
    "nginx": "dz-proxy",
}


def states(platform: Platform) -> dict[str, str]:
    return {one["name"]: one["state"] for one in platform.status()["services"]}


def pids(platform: Platform) -> dict[str, int]:
    return {one["name"]: one["pid"] for one in platform.status()["services"]}


def all_run(platform: Platform) -> bool:
    return set(states(platform).values()) == {"running"}


def test_every_service_answers_and_the_panel_is_reached_through_nginx(platform: Platform) -> None:
    document = platform.status()
    assert {one["name"]: one["state"] for one in document["services"]} == dict.fromkeys([*USERS, *WORKERS], "running")
    assert document["broker"] == "valkey" and document["sandbox"]
    assert platform.ask("localhost", "/healthz")[0] == 200


def test_each_worker_runs_the_command_line_of_a_host_of_its_role(platform: Platform) -> None:
    running = pids(platform)
    for name, queues in WORKERS.items():
        line = " ".join(psutil.Process(running[name]).cmdline())
        assert f"celery -A dz.tasks worker {queues}" in line


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one user for all")
def test_as_root_each_service_has_an_ordinary_user(platform: Platform) -> None:
    assert {name: psutil.Process(pid).username() for name, pid in pids(platform).items() if name in USERS} == USERS


def test_no_secret_is_in_a_command_line_and_no_file_of_them_is_open_to_others(platform: Platform) -> None:
    passwords = (platform.home / "secrets" / "passwords.json").read_text().split('"')[3::4]
    lines = [" ".join(psutil.Process(pid).cmdline()) for pid in platform.processes() if psutil.pid_exists(pid)]
    assert passwords and not [line for line in lines if any(word in line for word in passwords)]
    files = [*(platform.home / "secrets").iterdir(), *(platform.home / "services").iterdir(), platform.home / "token"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_second_up_changes_nothing(platform: Platform) -> None:
    before = pids(platform)
    ran = platform.dz("up", deadline=180)
    assert ran.code == 0 and "Up for" in ran.err
    assert pids(platform) == before


def test_killed_services_heal_by_themselves_nginx_with_its_workers_too(platform: Platform) -> None:
    before = pids(platform)
    for name in ("nginx", "broker", "postgres-zoomdb", "worker-database", "dispatcher"):
        os.kill(before[name], signal.SIGKILL)
    until(lambda: not any(alive(before[name]) for name in ("nginx", "dispatcher")), what="the killed are dead")
    until(lambda: all_run(platform), what="all services run again", deadline=120, every=1)
    assert platform.ask("localhost", "/healthz")[0] == 200


def test_a_killed_supervisord_takes_everything_with_it_and_up_heals_it(platform: Platform) -> None:
    before = pids(platform).values()
    os.kill(int((platform.home / "supervisord.pid").read_text()), signal.SIGKILL)
    until(lambda: not any(alive(pid) for pid in before), what="its services are gone with it", deadline=60)
    assert platform.dz("status", "--json").code == 3
    platform.up()
    assert all_run(platform)


def test_down_leaves_no_process_no_socket_no_firewall_and_up_finds_its_data_again() -> None:
    own = start("valkey", DZ_UID_BASE=str(FAR))
    until(lambda: own.status()["network"], what="the appserver has told of its network", deadline=30)
    assert fenced() == (own.status()["network"] == "closed")
    sockets = [Path(one["address"]) for one in own.status()["services"] if one["address"].startswith("/")]
    token = (own.home / "token").read_text()
    own.down()
    until(lambda: not [pid for pid in own.processes() if alive(pid)], what="every process is gone", deadline=30)
    assert sockets and not any(path.exists() for path in sockets)
    assert not fenced()
    assert own.dz("down").code == 0
    own.up()
    try:
        assert (own.home / "token").read_text() == token and own.dz("jobs", "--json").code == 0
    finally:
        stop(own)


@pytest.mark.root
def test_the_firewall_of_the_sites_stays_while_one_of_their_uids_runs() -> None:
    laid = ensure_rules(FAR).network == "closed"  # on a kernel without nftables there is nothing to stay
    with subprocess.Popen(["/usr/bin/setpriv", f"--reuid={FAR + 7}", "--clear-groups", "/bin/sleep", "600"]) as site:
        try:
            until(lambda: psutil.Process(site.pid).uids().real == FAR + 7, what="it has its uid", deadline=10)
            lift_fence(FAR)
            assert fenced() == laid
        finally:
            site.kill()
    lift_fence(FAR)
    assert not fenced()


FAR = 700_000_000  # no other platform has uids that high


def fenced() -> bool:
    """Whether the firewall for those uids is laid."""
    nft = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin")  # an emptied PATH may lack the first
    if os.geteuid() != 0 or nft is None:
        return False
    listed = subprocess.run([nft, "list", "tables"], capture_output=True, text=True, check=False)
    return f"dz_sites_{FAR}\n" in listed.stdout


def alive(pid: int) -> bool:
    """A zombie is none: whoever should have reaped it is not ours."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
