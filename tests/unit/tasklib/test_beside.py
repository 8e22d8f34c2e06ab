"""Of the processes beside web, what can't run is told and not started."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.log import Secret
from dz.run import DeadlinePassed
from dz.tasklib.appserver import beside
from dz.tasklib.appserver.deployments import site_of
from dz.tasklib.build.verdict import Broker
from dz.tasklib.records import Redis, Running
from tests.unit.tasklib.test_reconcile import Door, context
from tests.unit.tasklib.test_site import APP, site

LINE = "celery -A shop worker"


def running(home: Path, line: str = LINE, **changes: Any) -> Running:
    found = site(home).running
    config = f"[project]\nprocesses =\n    queue: {line}\n"
    deployment = replace(found.deployment, process="queue.1")
    return replace(found, deployment=deployment, release=replace(found.release, build_config=config, **changes))


def settled(home: Path, one: Running, told: Broker) -> tuple[list[str], list[str]]:
    """The lines that are started, and why the others are not."""
    refused: list[str] = []
    door: Any = SimpleNamespace(
        project=lambda: SimpleNamespace(name="shop", app_id=APP),
        guesses=lambda _: (),
        not_started=lambda _, why: refused.append(why),
    )
    ctx = context(home, "appserver", door)
    fit = beside.settle(ctx, [site_of(ctx, one)], {"shop": told})
    return [line for _, line in fit], refused


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (Broker(url=""), "no broker is named; give one: dz env set shop CELERY_BROKER_URL"),
        (
            Broker(url="redis://localhost", answers=False),
            "nothing answers at its broker redis://localhost; give one: dz env set shop CELERY_BROKER_URL",
        ),
    ],
)
def test_a_celery_worker_without_a_broker_is_told_and_not_started(told: Broker, why: str, tmp_path: Path) -> None:
    assert settled(tmp_path, running(tmp_path), told) == ([], [why])


def test_one_whose_variables_or_own_redis_name_a_broker_is_started_unasked(tmp_path: Path) -> None:
    none = Broker(url="")
    given = running(tmp_path, environment={"CLOUDAMQP_URL": Secret("amqp://far")})
    assert settled(tmp_path, given, none) == ([LINE], [])
    own = replace(running(tmp_path), redis=Redis(app_id=APP, port=21007, password=Secret("r3dis")))
    assert settled(tmp_path, own, none) == ([LINE], [])


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        (f"{LINE} -b amqp://far", True),
        ("celery --broker=amqp://far -A shop worker", True),
        ("CELERY_BROKER_URL=amqp://far celery -A shop worker", True),
        (f"{LINE} --broker $QUEUE", True),
        (f"{LINE} --broker=$OTHER", False),
        (f"{LINE} -Q redis", False),
    ],
)
def test_one_whose_line_names_its_broker_is_started_unasked(line: str, starts: bool, tmp_path: Path) -> None:
    one = running(tmp_path, line, environment={"QUEUE": Secret("amqp://far")})
    assert settled(tmp_path, one, Broker(url=""))[0] == ([line] if starts else [])


def test_an_application_that_is_never_imported_fails_no_deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker is started, and tells by itself what it waits for."""

    def late(*_: Any, **__: Any) -> None:
        raise DeadlinePassed(["python"], 60, b"")

    one = running(tmp_path)
    ctx = context(tmp_path, "appserver", Door(), sandbox=SimpleNamespace(run=late))
    ctx.part, ctx.kill_id = lambda _: nullcontext(), ""
    assert beside.settle(ctx, [site_of(ctx, one)], {}) == [(one.deployment, LINE)]
