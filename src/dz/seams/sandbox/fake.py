"""A Sandbox that parts nothing from nothing: for tests of what stands around it, with code that is trusted.

It keeps the rest of the contract: output, deadline, cancelling, the kill domain, the launcher with its socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from dz.names import AppId
from dz.run import Finished, Streams, run
from dz.seams.sandbox import Box, Rung, killing, launch, owning

BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fake:
    rung: Rung = Rung.LIMITS
    lacks: str = "This sandbox is a stand-in and stops nothing."

    def run(self, box: Box, *, deadline: float, **streams: Unpack[Streams]) -> Finished:
        try:
            return run(
                box.argv,
                deadline=deadline,
                env=BASE | dict(box.env) | killing.mark(box.kill_id),
                cwd=box.cwd,
                **streams,
            )
        finally:
            killing.kill(box.kill_id)

    def site(self, box: Box, *, address: str, port: int | None, spec: Path) -> Sequence[str]:
        env = BASE | dict(box.env) | killing.mark(box.kill_id)
        launch.write(spec, argv=box.argv, hidden=[], address=address, port=port, uid=None, env=env)
        return launch.command(spec)

    def own(self, folder: Path, app_id: AppId) -> None:
        owning.give(folder, None)

    def uid(self, app_id: AppId) -> int | None:
        return None

    def starts(self, program: Path) -> bool:
        return True

    def kill(self, kill_id: str) -> None:
        killing.kill(kill_id)
