"""The supervisor's contract, on supervisord itself and on the fake."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dz.errors import PlatformError, Transient
from dz.log import Secret
from dz.seams.supervisor import Program, Supervisor
from dz.seams.supervisor.fake import FakeSupervisor
from dz.seams.supervisor.supervisord import Supervisord
from tests.servers import RealSupervisord, real_supervisord
from tests.waiting import until

SLEEP = ("/bin/sleep", "600")


@pytest.fixture(scope="module")
def real() -> Iterator[RealSupervisord]:
    with real_supervisord() as it:
        yield it


@pytest.fixture(params=["supervisord", "fake"])
def supervisor(request: pytest.FixtureRequest) -> Supervisor:
    if request.param == "fake":
        return FakeSupervisor()
    driver: Supervisor = request.getfixturevalue("real").supervisor
    return driver


def program(name: str, folder: Path, *argv: str, grace: float = 5.0, again: bool = True) -> Program:
    return Program(
        name=name, argv=argv or SLEEP, cwd=folder, log=folder / f"{name}.log", grace=grace, start_again=again
    )


def running(supervisor: Supervisor, name: str) -> int:
    def pid() -> int | None:
        status = supervisor.status().get(name)
        return status.pid if status and status.state == "running" else None

    return until(pid, what=f"{name} runs") or 0


def test_the_same_program_is_started_once_and_another_value_replaces_it(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(program("p00000001-1-web", tmp_path))
    first = running(supervisor, "p00000001-1-web")
    supervisor.start(program("p00000001-1-web", tmp_path))
    assert running(supervisor, "p00000001-1-web") == first
    supervisor.start(program("p00000001-1-web", tmp_path, "/bin/sleep", "601"))
    assert running(supervisor, "p00000001-1-web") != first
    supervisor.stop("p00000001-1-web")


def test_a_stopped_program_is_unknown_and_stopping_it_again_is_harmless(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(program("p00000002-1-web", tmp_path))
    running(supervisor, "p00000002-1-web")
    supervisor.stop("p00000002-1-web")
    assert "p00000002-1-web" not in supervisor.status()
    supervisor.stop("p00000002-1-web")


@pytest.mark.parametrize(
    "bad",
    [
        program("x]\n[program:y", Path("/tmp")),
        program("../x", Path("/tmp")),
        program("x", Path("/tmp"), "/bin/echo", "a\nuser=root"),
        program("x", Path("/tmp/a ;b")),
    ],
    ids=["section", "path", "newline", "comment"],
)
def test_what_could_break_out_of_the_file_is_refused(supervisor: Supervisor, bad: Program) -> None:
    before = supervisor.status()
    with pytest.raises(PlatformError):
        supervisor.start(bad)
    assert set(supervisor.status()) == set(before)


def test_argv_arrives_as_it_was_written(real: RealSupervisord, tmp_path: Path) -> None:
    words = ["a b", "100%", "%(here)s", "x ;y", " #z", "'q'", '"d"', "", "$HOME", "back\\slash", "ü"]
    told = tmp_path / "told"
    script = 'printf "%s\\0" "$@" > "$0.new" && mv "$0.new" "$0"'
    real.supervisor.start(program("argv", tmp_path, "/bin/sh", "-c", script, str(told), *words, again=False))
    until(told.exists, what="it was told")
    assert told.read_text().split("\0")[:-1] == words
    real.supervisor.stop("argv")


def test_term_reaches_the_whole_group_and_kill_comes_after_the_grace(real: RealSupervisord, tmp_path: Path) -> None:
    script = "trap 'echo asked >> {}' TERM; sh -c \"trap '' TERM; sleep 600\" & while :; do wait; done".format(
        tmp_path / "asked"
    )
    real.supervisor.start(program("stubborn", tmp_path, "/bin/sh", "-c", script, grace=1))
    pid = running(real.supervisor, "stubborn")
    family = until(lambda: len(f := psutil.Process(pid).children(recursive=True)) >= 2 and f, what="its children")
    real.supervisor.stop("stubborn")
    assert (tmp_path / "asked").read_text().startswith("asked")
    until(lambda: not psutil.pid_exists(pid), what="it is gone")
    until(lambda: not any(p.is_running() and p.status() != "zombie" for p in family), what="its children are gone")


def test_a_killed_program_comes_back_and_outlives_the_supervisors_own_restart(
    real: RealSupervisord, tmp_path: Path
) -> None:
    real.supervisor.start(program("healed", tmp_path))
    first = running(real.supervisor, "healed")
    os.kill(first, signal.SIGKILL)
    until(lambda: running(real.supervisor, "healed") != first, what="it was started again")
    real.restart()
    running(real.supervisor, "healed")
    real.supervisor.stop("healed")
    real.restart()
    assert "healed" not in real.supervisor.status()


def test_a_program_that_was_given_up_is_started_again_by_the_next_start(real: RealSupervisord, tmp_path: Path) -> None:
    door = tmp_path / "door"
    wanted = program("late", tmp_path, "/bin/sh", "-c", f"test -e {door} && exec sleep 600", again=False)
    real.supervisor.start(wanted)
    until(lambda: real.supervisor.status()["late"].state in ("fatal", "exited"), what="it was given up")
    door.touch()
    real.supervisor.start(wanted)
    running(real.supervisor, "late")
    real.supervisor.stop("late")


def test_several_are_stopped_at_once(supervisor: Supervisor, tmp_path: Path) -> None:
    names = ["p00000003-1-worker.1", "p00000003-1-worker.2"]
    for name in names:
        supervisor.start(program(name, tmp_path))
        running(supervisor, name)
    supervisor.stop(*names, "p00000003-1-unknown")
    assert not set(names) & set(supervisor.status())
    supervisor.stop()


def test_a_program_that_dies_before_it_settled_waits_between_tries_and_every_end_is_remembered(
    real: RealSupervisord, tmp_path: Path
) -> None:
    dying = program("dying", tmp_path, "/bin/sh", "-c", "sleep 1.2; exit 3")
    real.supervisor.start(replace(dying, settles=10))

    def ends() -> list[str]:
        return [end.how for end in real.supervisor.ends() if end.name == "dying"]

    until(lambda: real.supervisor.status()["dying"].state == "backoff", what="it waits")
    until(lambda: len(ends()) >= 2, what="it was tried again")
    assert set(ends()) == {"exit 3"}
    real.supervisor.stop("dying")
    real.supervisor.start(replace(program("killed", tmp_path), settles=1))
    os.kill(running(real.supervisor, "killed"), signal.SIGKILL)
    until(lambda: [e.how for e in real.supervisor.ends() if e.name == "killed"] == ["killed by SIGKILL"], what="told")
    real.supervisor.stop("killed")
    assert [e for e in real.supervisor.ends() if e.name == "killed" and e.how != "killed by SIGKILL"] == []


def test_a_supervisor_that_is_down_is_a_transient_fault_and_a_wrong_password_is_not(
    real: RealSupervisord, tmp_path: Path
) -> None:
    with pytest.raises(Transient):
        Supervisord(tmp_path / "none.sock", Secret("x"), tmp_path).status()
    with pytest.raises(PlatformError, match="401"):
        Supervisord(real.folder / "s.sock", Secret("wrong"), tmp_path).status()
