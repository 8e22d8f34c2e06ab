"""What is done where uv or a build inside fails in a way that is known, and that none of it is undone by the next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.version import Version

from dz.names import AppId
from dz.run import Finished
from dz.seams.sandbox import Box
from dz.seams.sandbox.indexes import Indexes
from dz.tasklib.build.bench import Bench
from dz.tasklib.build.interpreters import Interpreter
from dz.tasks.eventlog import EventLog

TOO_MUCH = b"error: x\nmemory allocation of 8388608 bytes failed\n"
OLD = b"error in old setup command: use_2to3 is invalid.\n"


class Narrow:
    """A sandbox in which fifty downloads at once are too many, and the newest setuptools too new."""

    def __init__(self, limits: Callable[[], str]) -> None:
        self.limits = limits
        self.run_with: list[str] = []

    def run(self, box: Box, *, stderr_to: Callable[[bytes], None], **_: Any) -> Finished:
        self.run_with.append(box.env.get("UV_CONCURRENT_DOWNLOADS", "many"))
        said = TOO_MUCH if self.run_with[-1] == "many" else OLD if "<81" in self.limits() else b""
        stderr_to(said)
        return Finished(1 if said else 0, b"", 1.0)


def test_fewer_downloads_at_once_are_kept_to_when_something_else_has_to_help_too(tmp_path: Path) -> None:
    work = tmp_path / "deps"
    (work / "box").mkdir(parents=True)
    sandbox: Any = Narrow((work / "build-constraints.txt").read_text)
    bench = Bench(
        sandbox=sandbox,
        app_id=AppId.of(42),
        tree=tmp_path,
        home=tmp_path,
        work=work,
        python=Interpreter(version=Version("3.12.1"), path=Path(sys.executable)),
        indexes=Indexes(default="https://index.example/simple", extra=(), certificates=None),
        log=EventLog("build_bundle"),
        left=lambda most: most,
        stop=lambda: False,
    )
    bench.renew_limits()
    finished, said = bench.inside(["uv", "pip", "compile"])
    assert (finished.ok, said) == (True, "")
    assert sandbox.run_with == ["many", "4", "4"]
