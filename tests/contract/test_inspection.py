"""The inspector in this host's real sandbox, and its answer when it is not the one that answers."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from dz.errors import Cancelled, PlatformError, Transient, UserError
from dz.run import DeadlinePassed, Finished
from dz.seams.sandbox import Box, Sandbox
from dz.seams.sandbox.ladder import make
from dz.tasklib.build.inspect import BEGIN, CPU
from dz.tasklib.build.inspect.runner import Inspection, ahead, read_answer
from dz.tasklib.buildconfig import from_guesses
from tests.contract.test_git import Notes
from tests.passable import passable
from tests.repositories import write_tree
from tests.waiting import until


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return make(home=tmp_path_factory.mktemp("home"))


@pytest.fixture
def tree() -> Iterator[Path]:
    """Where whoever inspects may come, as on a build host: pytest's own folders are closed to others."""
    with passable("dz-tree-", mode=0o755) as made:
        yield made


def inspect(sandbox: Any, tree: Path, **more: Any) -> Inspection:
    with ahead(sandbox, tree, **{"deadline": 60, **more}) as begin:
        return begin(Notes())


def test_what_came_after_the_inspector_was_started_is_read(sandbox: Sandbox, tree: Path) -> None:
    case = importlib.import_module("tests.unit.inspect.cases.plain")
    with ahead(sandbox, tree, deadline=60) as begin:
        write_tree(tree, case.FILES)
        assert begin(Notes()).guesses


def test_one_that_is_not_needed_after_all_ends_and_says_nothing(sandbox: Sandbox, tree: Path) -> None:
    def ours() -> list[int]:
        return [one.pid for one in psutil.process_iter(["cmdline"]) if str(tree) in (one.info["cmdline"] or [])]

    with ahead(sandbox, tree, deadline=60):
        until(ours, what="it was started", deadline=30)
    assert ours() == []


def test_a_repository_becomes_guesses_and_a_build_config(sandbox: Sandbox, tree: Path) -> None:
    case = importlib.import_module("tests.unit.inspect.cases.several_settings")
    inspection = inspect(sandbox, write_tree(tree, case.FILES))
    config = from_guesses(inspection.guesses)
    assert config.django_settings_module == "quokka.settings.production"
    assert config.pip_reqs == ("requirements/production.txt",)
    filled = {one.value: one.basis.why for one in inspection.guesses if one.field == "environment"}
    assert filled["SECRET_KEY"].endswith("the platform fills it")
    assert "platform" not in filled["PAYMENT_KEY"]


def test_the_folder_that_a_person_chose_is_where_the_project_is_looked_for(sandbox: Sandbox, tree: Path) -> None:
    case = importlib.import_module("tests.unit.inspect.cases.plain")
    write_tree(tree, case.FILES)
    write_tree(tree / "other", case.FILES | {"requirements.txt": "django==4.2.7\n"})
    config = from_guesses(inspect(sandbox, tree, chosen="other").guesses)
    assert (config.project_root, config.pip_reqs) == ("other", ("other/requirements.txt",))


def test_a_link_to_what_only_root_may_read_shows_nothing(sandbox: Sandbox, tree: Path) -> None:
    case = importlib.import_module("tests.unit.inspect.cases.plain")
    root = write_tree(tree, case.FILES)
    (root / "Procfile").unlink()
    (root / "Procfile").symlink_to("/etc/shadow")
    inspection = inspect(sandbox, root)
    assert not any(one.field == "processes" for one in inspection.guesses)


def test_no_django_is_told_as_the_projects_own_problem(sandbox: Sandbox, tree: Path) -> None:
    with pytest.raises(UserError) as refused:
        inspect(sandbox, write_tree(tree, {"index.html": ""}))
    assert refused.value.id == "repo.no-django"


GUESS = {"field": "title", "value": "x", "confidence": 0.5, "is_primary": True, "basis": {"file": "a", "line": 1}}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"[" * 200_000,
        b'{"guesses": {}, "messages": []}',
        json.dumps({"guesses": [GUESS | {"field": "shell"}], "messages": []}).encode(),
        json.dumps({"guesses": [GUESS | {"basis": 1}], "messages": []}).encode(),
        json.dumps({"guesses": [GUESS] * 3000, "messages": []}).encode(),
        json.dumps({"error": {"id": "platform.disk-full", "facts": {"host": "x"}}}).encode(),
        json.dumps({"error": {"id": "repo.config-unknown-key", "facts": {}}}).encode(),
    ],
)
def test_an_answer_that_the_inspector_never_gives_is_ours_to_mend(answer: bytes) -> None:
    with pytest.raises(PlatformError):
        read_answer(answer)


def test_values_are_capped_and_cleared_of_control_characters() -> None:
    loud = GUESS | {
        "value": "a\x1b[31m\n" + "b" * 100_000,
        "confidence": 7,
        "basis": {"file": 3, "line": -1, "why": "\0w"},
    }
    guess = read_answer(json.dumps({"guesses": [loud], "messages": ["m\x07"]}).encode()).guesses[0]
    assert guess.value.startswith("a[31mb") and len(guess.value) < 10_000
    assert (guess.confidence, guess.basis.file, guess.basis.line, guess.basis.why) == (1.0, "", None, "w")


def test_a_job_that_is_cancelled_does_not_wait_for_the_inspector(sandbox: Sandbox, tree: Path) -> None:
    with pytest.raises(Cancelled):
        inspect(sandbox, tree, stop=lambda: True)


SPINS = "from dz.tasklib.build.inspect.__main__ import bounded; bounded(1)\nwhile True: pass"


def test_the_inspector_itself_is_held_to_its_seconds(tree: Path) -> None:
    program = (
        "import resource, runpy, sys\nsys.argv[1:] = [sys.argv[1]]\n"
        "runpy.run_module('dz.tasklib.build.inspect', run_name='__main__')\n"
        "print('\\n', resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tree)], input=BEGIN, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split()[-1] == str(CPU)


class Answers:
    """A sandbox in which a command ends as it is told here."""

    def __init__(self, *, code: int | None) -> None:
        self._code = code

    def run(self, box: Box, *, deadline: float, **_: Any) -> Finished:
        if self._code is None:
            raise DeadlinePassed(box.argv, deadline, b"")
        return Finished(self._code, b"", 1.0)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGSEGV])
def test_an_inspector_that_a_signal_ended_had_too_much_to_hold_in_any_sandbox(tree: Path, by: signal.Signals) -> None:
    for code in (-by, 128 + by):
        with pytest.raises(UserError, match="it took too much memory"):
            inspect(Answers(code=code), tree)


def test_what_costs_too_much_of_the_processor_is_the_projects_and_a_busy_host_is_not(tree: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", SPINS], check=False, timeout=300).returncode
    assert ended == -signal.SIGXCPU
    for code in (ended, 128 + signal.SIGXCPU):
        with pytest.raises(UserError, match="within 10 s of the processor: it took too long"):
            inspect(Answers(code=code), tree)
    with pytest.raises(Transient):
        inspect(Answers(code=None), tree)
