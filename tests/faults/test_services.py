"""What jobs stand on dies or hangs in the middle of one, in ways that the matrix has no cell for."""

from __future__ import annotations

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dz.tasklib.appserver.ports import is_free
from tests import faultkit, playing
from tests.faultkit import Site
from tests.waiting import until

pytestmark = pytest.mark.root
NEWEST = (
    "SELECT host(d.address::inet), d.port FROM dz2_appserverdeployment d JOIN dz2_release r ON r.id = d.release_id"
    " JOIN dz2_project p ON p.id = r.project_id WHERE p.name = %s AND d.port IS NOT NULL ORDER BY r.number DESC LIMIT 1"
)


def test_a_dispatcher_killed_while_steps_are_ready_finds_them_again(site: Site) -> None:
    """Once before it could ring, once between a ring and its next turn."""
    platform = site.platform
    dead = platform.kill("dispatcher", signal.SIGSTOP)
    with platform.fault("deploy.published", "kill"):
        number = site.begin()
        os.kill(dead, signal.SIGKILL)
        job = site.sound(number)
    assert faultkit.attempts(job) == {}
    faultkit.all_run(platform)


def test_a_broker_that_is_away_when_a_step_ends_is_heard_again(site: Site) -> None:
    platform = site.platform
    with platform.fault("deploy.effect", "hold") as fault:
        number = site.begin()
        faultkit.held(fault)
        playing.stop_service(platform, "broker")
    playing.when(platform, number, "the step is over", deploy="succeeded")
    platform.up()
    assert faultkit.attempts(site.sound(number)) == {}


def test_a_worker_that_zoomdb_does_not_answer_gives_its_step_up(site: Site) -> None:
    with site.platform.fault("build_bundle.effect", "hold") as fault:
        number = site.begin()
        worker = faultkit.held(fault)
        with faultkit.frozen(int(site.platform.service("postgres-zoomdb")["pid"])):
            faultkit.gone(worker, "the worker that could not renew")
    job = site.sound(number)
    assert playing.step(job, "build_bundle")["attempt"] > 1
    faultkit.all_run(site.platform)


def test_nginx_killed_before_the_switch_comes_back_and_the_switch_happens(site: Site) -> None:
    with site.platform.fault("proxy_update.claimed", "hold") as fault:
        number = site.begin()
        faultkit.held(fault)
        site.platform.kill("nginx")
    site.sound(number)
    faultkit.all_run(site.platform)


def test_supervisord_killed_in_mid_job_takes_all_with_it_and_the_next_up_mends_it(site: Site) -> None:
    platform = site.platform
    with platform.fault("deploy.effect", "hold") as fault:
        number = site.begin()
        child, app = faultkit.held(fault), faultkit.app_id(site.project)
        # One release is a server and two workers; a sandbox that is still being made is not tied to its parent yet.
        until(lambda: len(faultkit.serving(platform, app)) > 3, what="the live release and the one to come run")
        died = [child, *faultkit.serving(platform, app)]
        os.kill(int((platform.home / "supervisord.pid").read_text()), signal.SIGKILL)
        for pid in died:
            faultkit.gone(pid, "what supervisord ran")
        platform.up()
    job = site.sound(number)
    assert faultkit.attempts(job) == {"deploy": 2}


def test_a_site_whose_port_was_taken_while_the_platform_was_down_moves_to_another_and_visitors_with_it(
    site: Site,
) -> None:
    platform = site.platform
    site.answers()
    [(address, port)] = playing.ask_zoomdb(platform, NEWEST, site.project.name)
    os.kill(int((platform.home / "supervisord.pid").read_text()), signal.SIGKILL)
    until(lambda: is_free(address, port), what="what supervisord ran is gone")
    stranger = ThreadingHTTPServer((address, port), Stranger)
    with stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        platform.up()
        site.answers()
        assert playing.ask_zoomdb(platform, NEWEST, site.project.name) != [(address, port)]
        faultkit.all_run(platform)
        stranger.shutdown()


class Stranger(BaseHTTPRequestHandler):
    """Another program of the host, whose page is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_a_program_that_takes_a_releases_port_in_the_last_moment_does_not_answer_for_it(site: Site) -> None:
    with site.platform.fault("deploy.inside", "hold") as fault:
        number = site.begin()
        faultkit.held(fault)
        [(address, port)] = playing.ask_zoomdb(site.platform, NEWEST, site.project.name)
        stranger = ThreadingHTTPServer((address, port), Stranger)
    with stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        site.sound(number)
        stranger.shutdown()
    faultkit.all_run(site.platform)
