"""Jobs that make a new release of a bundle that is there: ``rollback``, ``config`` (variables changed), ``restart``,
``scale`` (another formation), ``activate`` (after a rest).

Nothing is built, so they need no repository, no package index and no build host. The rest of their way is
``going_live.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.tasklib.appserver.placing import placement
from dz.tasklib.context import Context
from dz.tasklib.going_live import GO_LIVE
from dz.tasklib.pipeline import APPSERVER, On, Pipeline, Step


def release(ctx: Context) -> Mapping[str, Any]:
    """Open the job's release and choose its appserver; done by one, for without any nothing could go on anyway."""
    made = ctx.door.release_again()
    ctx.midway()
    ctx.log.note(f"release {made.number}: {made.why}, built from {made.commit[:7]}")
    return {"release": made.number, "commit": made.commit, **placement(ctx)}


MAKE = Step(name="release", title="Make the release", queue=APPSERVER, on=On.ANY, timeout=60, run=release)

ROLLBACK, CONFIG, RESTART, SCALE, ACTIVATE = (
    Pipeline(kind, MAKE, *GO_LIVE) for kind in ("rollback", "config", "restart", "scale", "activate")
)
