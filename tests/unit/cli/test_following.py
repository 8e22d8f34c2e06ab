"""Watching a job without a platform: what Ctrl-C means, and what is shown once."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pytest

from dz.cli.client import Api, Refused, Unreachable
from dz.cli.following import Detached, follow
from dz.cli.reports import jobs
from dz.cli.screen import Screen
from dz.cli.where import Server
from tests.unit.cli.test_words import Terminal

STEP = {"name": "build_bundle", "title": "Install", "host": "build-1", "seconds": 1.0, "usual": None}


def job(state: str, step: str = "running", **more: Any) -> dict[str, Any]:
    whole = {"job": 42, "state": state, "steps": [STEP | {"state": step}], "waits_for": None, "lines": 0, "seen": "1"}
    return whole | more


class Scripted:
    """Stands for the API: gives the answers of a list in turn; an exception in it is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.posted: list[str] = []

    def get(self, path: str, **_: object) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def post(self, path: str) -> None:
        self.posted.append(path)


class Impatient(Terminal):
    """A terminal at which Ctrl-C is pressed again as soon as it says that the job goes on."""

    def write(self, text: str) -> int:
        if text.startswith("Detached"):
            raise KeyboardInterrupt
        return super().write(text)


def said(api: Scripted, stream: Terminal, known: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    shown = Screen(out=Terminal(tty=stream.isatty()), err=stream, environ={}, width=80)
    return follow(api, known or job("running"), shown, **how)  # type: ignore[arg-type]


def test_a_second_ctrl_c_cancels() -> None:
    api = Scripted(KeyboardInterrupt(), job("cancelled", "cancelled"))
    ended = said(api, Impatient(tty=False))
    assert (ended["state"], api.posted) == ("cancelled", ["/jobs/42/cancel"])


def test_one_ctrl_c_cancels_nothing() -> None:
    api = Scripted(job("running"), KeyboardInterrupt())
    with pytest.raises(Detached) as left:
        said(api, Terminal(tty=False))
    assert (left.value.job["job"], api.posted) == (42, [])


def test_what_is_known_of_the_job_is_shown_before_the_first_question_which_may_take_its_time() -> None:
    stream = Terminal(tty=False)
    with pytest.raises(Detached):
        said(Scripted(KeyboardInterrupt()), stream, job("waiting", "waiting", waits_for="job 3 of shop"))
    assert "waits for job 3 of shop" in stream.getvalue()


def test_each_event_is_shown_once_and_a_lost_connection_is_told_once() -> None:
    lost = Unreachable(Server(url="http://localhost"), "gone")
    api = Scripted(job("running"), lost, lost, job("running"), job("succeeded", "succeeded"))
    stream = Terminal(tty=False)
    assert said(api, stream)["state"] == "succeeded"
    events = [" ".join(line.split()[1:]) for line in stream.getvalue().splitlines()]
    assert events == [
        "running Install build-1",
        "lost; the job goes on. Trying again ...",
        "succeeded Install build-1 1.0 s",
    ]


@pytest.mark.parametrize(("step", "seen"), [("build_bundle", True), ("create_database", False)])
def test_the_line_beside_a_running_step_is_its_own(step: str, seen: bool) -> None:
    page = {"lines": [{"text": "installs things", "step": step}]}
    api = Scripted(page, job("running", lines=1), page, job("succeeded", "succeeded", lines=1))
    stream = Terminal(tty=True)
    said(api, stream, job("running", lines=1))
    assert ("installs things" in stream.getvalue()) is seen


def test_a_platform_whose_own_database_restarts_gave_no_verdict() -> None:
    api, shape = Api(Server(url="http://localhost")), {"error": "Away.", "where": None, "next": "Wait."}
    with pytest.raises(Unreachable, match="its own database"):
        api._read(503, json.dumps(shape | {"error_id": "platform.away"}).encode())
    with pytest.raises(Refused, match="Away"):
        api._read(503, json.dumps(shape | {"error_id": "data.no-server"}).encode())


def test_on_a_narrow_terminal_the_jobs_of_one_project_do_not_lose_what_they_were_to_its_name() -> None:
    one = {"job": 7, "kind": "rollback", "project": "shop", "state": "succeeded", "seconds": 5.0, "error_id": "",
           "created_at": None, "waits_for": None}  # fmt: skip
    shown = Screen(out=Terminal(tty=False), err=Terminal(tty=False), environ={}, width=40)
    jobs(argparse.Namespace(name="shop", n=20, json=False), Scripted([one]), shown)  # type: ignore[arg-type]
    assert isinstance(shown.out, Terminal) and "rollback" in shown.out.getvalue()
    assert "shop" not in shown.out.getvalue()
