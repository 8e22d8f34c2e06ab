"""A sandbox in which nothing runs; what the toys start outside of it is killed as anywhere."""

from pathlib import Path
from typing import Any

from dz.seams.sandbox import Rung, killing


class Inert:
    rung = Rung.LIMITS
    lacks = "everything: it is a toy"

    def starts(self, program: Path) -> bool:
        return True

    def kill(self, kill_id: str) -> None:
        killing.kill(kill_id)


def make(**_: Any) -> Any:
    return Inert()
