"""kill -9 of what jobs stand on, in the middle of a job: the job ends, once, correctly, and the site is back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests import faultkit, playing
from tests.faultkit import Site
from tests.platforms import Platform

pytestmark = pytest.mark.root
# A second platform takes long to start, and RabbitMQ's own death is in tests/role/test_worker.py too.
BROKERS = ("platform", "rabbit_platform") if os.environ.get("DZ_FAULTS") == "all" else ("platform",)


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


@pytest.mark.parametrize("which", BROKERS)
def test_a_broker_killed_in_mid_job_loses_no_step_and_doubles_none(
    request: pytest.FixtureRequest, tmp_path: Path, which: str
) -> None:
    running: Platform = request.getfixturevalue(which)
    site = request.getfixturevalue("site") if which == "platform" else faultkit.site(running, tmp_path, "rabbit")
    with running.fault("deploy.effect", "hold") as fault:
        number = site.begin()
        faultkit.held(fault)
        running.kill("broker")
    assert faultkit.attempts(site.sound(number)) == {}
    faultkit.all_run(running)


def test_a_broker_that_is_away_when_a_step_ends_is_heard_again(site: Site) -> None:
    platform = site.platform
    with platform.fault("deploy.effect", "hold") as fault:
        number = site.begin()
        faultkit.held(fault)
        playing.stop_service(platform, "broker")
    playing.when(platform, number, "the step is over", deploy="succeeded")
    platform.up()
    assert faultkit.attempts(site.sound(number)) == {}


def test_zoomdb_killed_between_an_effect_and_its_record_costs_an_attempt_at_most(site: Site) -> None:
    with site.platform.fault("deploy.effect", "hold") as fault:
        number = site.begin()
        faultkit.held(fault)
        site.platform.kill("postgres-zoomdb")
    job = site.sound(number)
    assert faultkit.attempts(job).get("deploy", 1) <= 2
    faultkit.all_run(site.platform)


def test_a_worker_that_zoomdb_does_not_answer_gives_its_step_up(site: Site) -> None:
    with site.platform.fault("build_bundle.effect", "hold") as fault:
        number = site.begin()
        worker = faultkit.held(fault)
        with faultkit.frozen(int(site.platform.service("postgres-zoomdb")["pid"])):
            faultkit.gone(worker, "the worker that could not renew")
    job = site.sound(number)
    assert playing.step(job, "build_bundle")["attempt"] > 1
    faultkit.all_run(site.platform)


def test_the_projects_database_server_killed_before_the_migrations_is_waited_for(site: Site) -> None:
    with site.platform.fault("post_build_hooks.claimed", "hold") as fault:
        number = site.begin()
        faultkit.held(fault)
        faultkit.killed(site.platform, "postgres-projects")
        site.answers()
    site.sound(number)


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
        died = [faultkit.held(fault), *faultkit.serving(platform, faultkit.app_id(site.project))]
        assert len(died) > 2, "a worker's child, the live release and the one to come"
        os.kill(int((platform.home / "supervisord.pid").read_text()), signal.SIGKILL)
        for pid in died:
            faultkit.gone(pid, "what supervisord ran")
        platform.up()
    job = site.sound(number)
    assert faultkit.attempts(job) == {"deploy": 2}
