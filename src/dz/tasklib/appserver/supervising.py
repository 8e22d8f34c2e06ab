"""The supervisor of the appserver that a step runs on."""

from __future__ import annotations

from dz.seams.supervisor import Supervisor
from dz.tasklib.context import Context


def supervisor(ctx: Context) -> Supervisor:
    assert ctx.seams.supervisor is not None, "a step of an appserver's queue ran elsewhere"
    return ctx.seams.supervisor
