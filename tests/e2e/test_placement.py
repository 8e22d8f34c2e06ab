"""Three appservers: the least loaded gets the release, a frozen one never, and the steps go to that one's queue."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dz.settings import SILENT
from tests import playing
from tests.platforms import TIMES, Platform, own_ports
from tests.playing import Project, step
from tests.servers import PASSWORD, RealSupervisord, real_supervisord
from tests.waiting import until

# All three measure the one load of this machine; these rows say what three machines would.
LOADS = {"app-1": 0.9, "app-2": 0.1, "app-3": 0.5}
TRIGGER = """
CREATE FUNCTION told_load() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  NEW.load := CASE NEW.instance_id WHEN 'app-1' THEN 0.9 WHEN 'app-2' THEN 0.1 WHEN 'app-3' THEN 0.5 ELSE NEW.load END;
  RETURN NEW;
END $$;
CREATE TRIGGER told_load BEFORE INSERT OR UPDATE ON dz2_host FOR EACH ROW EXECUTE FUNCTION told_load()
"""
NO_TRIGGER = "DROP TRIGGER told_load ON dz2_host; DROP FUNCTION told_load()"


@dataclass
class Appserver:
    """Another host of the role: a worker with a home, an address and a supervisord of its own."""

    name: str
    worker: subprocess.Popen[bytes]
    supervisord: RealSupervisord


@contextmanager
def appserver(platform: Platform, number: int) -> Iterator[Appserver]:
    name = f"app-{number}"
    (spec,) = (platform.home / "services").glob("worker-appserver.*.json")
    told: dict[str, Any] = json.loads(spec.read_text())
    with real_supervisord() as supervisord:
        home = supervisord.folder / "home"
        home.mkdir(mode=0o755)
        (home / "sites").symlink_to(supervisord.folder / "programs")
        environment = {
            **told["env"],
            **own_ports(),
            "DZ_HOME": str(home),
            "DZ_INSTANCE_ID": name,
            "DZ_ADDRESS": f"127.0.0.{number}",
            "DZ_BUNDLE_STORE": f"file://{platform.home}/store",
            "DZ_SUPERVISOR_SOCKET": str(supervisord.folder / "s.sock"),
            "DZ_SUPERVISOR_PASSWORD": PASSWORD,
        }
        argv = [word.replace("app-1", name) for word in told["argv"]]
        with (supervisord.folder / "worker.log").open("wb") as log:
            worker = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *argv],
                env=environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield Appserver(name, worker, supervisord)
        finally:
            worker.send_signal(signal.SIGCONT)
            worker.terminate()
            worker.wait(60)


@pytest.fixture
def three(platform: Platform) -> Iterator[dict[str, Appserver]]:
    """The platform's own app-1 with app-2 and app-3 beside it, each with the load of ``LOADS``."""
    playing.tell_zoomdb(platform, TRIGGER)
    with ExitStack() as stack:
        stack.callback(playing.tell_zoomdb, platform, NO_TRIGGER)
        only_ours = "nothing of the next test is placed on those that ended"
        stack.callback(until, lambda: set(alive(platform)) == {"app-1"}, what=only_ours)
        made = {f"app-{n}": stack.enter_context(appserver(platform, n)) for n in (2, 3)}
        until(lambda: alive(platform) == LOADS, what="three appservers with their loads", deadline=120)
        yield made


def alive(platform: Platform) -> dict[str, float]:
    """The load of every appserver that is not silent."""
    silent = SILENT * float(TIMES["DZ_HEARTBEAT"])
    heard = "role = 'appserver' AND last_heartbeat > now() - %s * interval '1 s'"
    rows = playing.ask_zoomdb(platform, f"SELECT instance_id, load FROM dz2_host WHERE {heard}", silent)
    return {str(name): float(load) for name, load in rows}


def test_the_least_loaded_takes_the_release_and_a_frozen_one_never(
    platform: Platform, three: dict[str, Appserver], tmp_path: Path
) -> None:
    first = playing.words(platform, tmp_path, "placed")
    ran_on(first.deploy(), three["app-2"])
    assert first.page() == "1 first 0"
    os.kill(three["app-2"].worker.pid, signal.SIGSTOP)
    until(lambda: "app-2" not in alive(platform), what="the frozen one is silent")
    second = playing.words(platform, tmp_path, "placed")
    ran_on(second.deploy(), three["app-3"])
    assert second.page() == "1 first 0"
    os.kill(three["app-2"].worker.pid, signal.SIGCONT)
    for project in (first, second):
        destroyed(project)
    for one in three.values():
        assert one.supervisord.supervisor.status() == {}


def ran_on(done: dict[str, Any], host: Appserver) -> None:
    """The site and the steps of its host are that one's."""
    number = host.name.removeprefix("app-")
    (deployment,) = done["deployments"]
    assert (deployment["host"], deployment["address"]) == (host.name, f"127.0.0.{number}")
    for name in ("deploy", "post_build_hooks"):
        ran = step(done, name)
        assert (ran["queue"], ran["host"]) == (f"appserver_{host.name}", host.name)


def destroyed(project: Project) -> None:
    """Undeployed by the host that runs it."""
    ran = project.platform.dz("destroy", project.name, "--yes", "--json")
    assert ran.code == 0 and ran.json["state"] == "succeeded", ran.err
