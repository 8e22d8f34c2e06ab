"""What a first push shows of the look that comes before its deploy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.push import hook
from tests.unit.cli.test_deploying import CHECKED
from tests.unit.cli.test_words import screen

PUSH = hook.Push(
    project="shop", branch="main", ref="refs/heads/main", old="0" * 40, new="a" * 40, repository=Path("/"), lock=0
)
REFUSED = {"error_id": "python.none-fits", "error": "No Python fits.", "where": "a:1", "next": "Install one."}
NOT_LIVE = {"kind": "check_repo", "job": 4, "live": None, "seen": "1", "waits_for": None, "lines": 0}
STEP = {"name": "check_repo", "title": "Look", "host": "build-1", "state": "failed", "seconds": 1.0, "usual": None}


class OneJob:
    """Stands for the API: whatever is asked for is this job."""

    def __init__(self, **job: Any) -> None:
        self.job = CHECKED | NOT_LIVE | {"steps": [STEP]} | job

    def post(self, path: str, body: object) -> Any:
        return self.job


@pytest.mark.parametrize(("guesses", "shown"), [(CHECKED["guesses"], True), ([], False)])
def test_a_look_that_fails_shows_what_it_found_before(guesses: list[Any], shown: bool) -> None:
    seen = screen(NO_COLOR="1", tty=False, width=None)
    api: Any = OneJob(state="failed", guesses=guesses, **REFUSED)
    assert hook.look(PUSH, api, seen, "a" * 40) == 1
    said = seen.err.getvalue()  # type: ignore[attr-defined]
    assert ("Settings " in said, "No Python fits." in said) == (shown, True)


@pytest.mark.parametrize(("state", "told"), [("failed", True), ("succeeded", False)])
def test_a_push_that_fails_says_that_only_another_push_takes_its_commit(
    state: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = CHECKED | NOT_LIVE | {"steps": [STEP], "state": state, "page": "/jobs/4", "url": None, "warnings": []}
    job |= REFUSED if state == "failed" else {"kind": "config", "release": 2, "project": "shop"}
    monkeypatch.setattr(hook, "follow", lambda _api, _job, _screen: job)
    monkeypatch.setattr(hook, "tell_ended", lambda _screen, _job: None)
    monkeypatch.setattr(hook.fcntl, "flock", lambda *_: None)
    monkeypatch.setattr(hook.repository, "environment", lambda _folder: {})
    monkeypatch.setattr(hook.repository, "commit_of", lambda _folder, what, _env: what if what == PUSH.new else "")
    monkeypatch.setattr(hook.repository, "stage", lambda *_: None)
    seen = screen(NO_COLOR="1", tty=False, width=None)
    api: Any = SimpleNamespace(get=lambda _path: {"release": 1}, post=lambda _path, _body: job)
    assert hook.deploy(PUSH, api, seen) == (state == "failed")
    said = seen.err.getvalue()  # type: ignore[attr-defined]
    assert ("main stays where it was. To try this commit again, push it again." in said) == told


def test_a_branch_that_is_kept_is_deployed_by_a_line_that_needs_no_branch_of_that_name_in_the_clone() -> None:
    """After git push dz HEAD:mian there is no mian there, and on the platform perhaps no main yet."""
    seen = screen(NO_COLOR="1", tty=False, width=None)
    api: Any = SimpleNamespace()
    assert hook.decide(replace(PUSH, ref="refs/heads/mian"), api, seen) == 0
    said = seen.err.getvalue()  # type: ignore[attr-defined]
    assert said.endswith(f"  To deploy it: git push dz {'a' * 10}:refs/heads/main\n")
