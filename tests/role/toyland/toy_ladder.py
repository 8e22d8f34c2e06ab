"""A sandbox in which nothing runs: the toys start no process."""

from typing import Any

from dz.seams.sandbox import Rung


class Inert:
    rung = Rung.LIMITS
    lacks = "everything: it is a toy"

    def kill(self, kill_id: str) -> None:
        pass


def make(**_: Any) -> Any:
    return Inert()
