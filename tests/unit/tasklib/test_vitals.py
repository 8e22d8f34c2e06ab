"""What a heartbeat tells of a host's programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.seams.supervisor import End, Program, Status
from dz.seams.supervisor.fake import FakeSupervisor
from dz.tasklib.appserver.vitals import Vitals

NAME, WEB = "p00000001-3-worker.1", "p00000001-3-web.1"


class Dies(FakeSupervisor):
    """Remembers ends, and says a state of its one program."""

    def __init__(self, folder: Path, name: str = NAME) -> None:
        super().__init__()
        self.name = name
        self.start(Program(name=name, argv=("sleep", "600"), cwd=folder, log=folder / "log"))
        self.ended: list[End] = []
        self.state = "running"

    def end(self, how: str, second: int) -> None:
        self.ended.append(End(name=self.name, at=f"2026-11-28 14:05:{second:02},100", how=how))

    def ends(self) -> list[End]:
        return self.ended

    def status(self) -> dict[str, Status]:
        return {self.name: Status(name=self.name, state=self.state, pid=None, since=1.0)}


def test_each_end_is_counted_once_and_what_came_before_the_worker_began_is_told_but_not_counted(tmp_path: Path) -> None:
    supervisor = Dies(tmp_path)
    supervisor.end("exit 1", 10)
    vitals = Vitals(supervisor)
    first = vitals.look()[NAME]
    assert (first.ends, first.detail) == (0, "last ended: exit 1 at 14:05:10")
    supervisor.end("exit 2", 11)
    supervisor.end("killed by SIGKILL", 12)
    supervisor.state = "backoff"
    second = vitals.look()[NAME]
    assert (second.ends, second.detail) == (2, "restarting: killed by SIGKILL at 14:05:12")
    assert vitals.look()[NAME].ends == 0


def test_one_that_was_given_up_says_so_and_one_that_never_ended_says_nothing(tmp_path: Path) -> None:
    supervisor = Dies(tmp_path)
    vitals = Vitals(supervisor)
    assert vitals.look()[NAME].detail == ""
    supervisor.end("exit 3", 10)
    supervisor.state = "fatal"
    assert vitals.look()[NAME].detail == "given up: exit 3 at 14:05:10"


@pytest.mark.parametrize(
    ("name", "how", "told"),
    [
        (WEB, "exit 98", "exit 98, for its port was taken,"),
        (NAME, "exit 98", "exit 98"),
        (WEB, "exit 9", "exit 9"),
        (NAME, "exit 137", "exit 137, as by SIGKILL,"),
        (NAME, "exit 255", "exit 255"),
        (NAME, "killed by SIGKILL", "killed by SIGKILL"),
    ],
)
def test_a_code_that_no_log_explains_is_explained(tmp_path: Path, name: str, how: str, told: str) -> None:
    supervisor = Dies(tmp_path, name)
    supervisor.end(how, 10)
    supervisor.state = "backoff"
    assert Vitals(supervisor).look()[name].detail == f"restarting: {told} at 14:05:10"


def test_how_long_a_program_runs_is_told(tmp_path: Path) -> None:
    assert Vitals(Dies(tmp_path)).look()[NAME].since == 1.0
