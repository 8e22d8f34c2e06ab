"""A supervisor in memory that passes the same contract tests: it takes what the real one takes and starts nothing."""

from __future__ import annotations

from itertools import count

from dz.seams.supervisor import End, Program, Status
from dz.seams.supervisor.program_file import checked_name, render


class FakeSupervisor:
    """Every program that is started runs at once."""

    def __init__(self) -> None:
        self.programs: dict[str, Program] = {}
        self._pids: dict[str, int] = {}
        self._next = count(1000)

    def start(self, program: Program) -> None:
        render(program)
        if self.programs.get(program.name) != program:
            self.programs[program.name] = program
            self._pids[program.name] = next(self._next)

    def stop(self, *names: str) -> None:
        for name in names:
            self.programs.pop(checked_name(name), None)

    def ends(self) -> list[End]:
        return []

    def status(self) -> dict[str, Status]:
        return {name: Status(name=name, state="running", pid=self._pids[name], since=1.0) for name in self.programs}
