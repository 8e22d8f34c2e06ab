"""Jobs that make a new release of a bundle that is there: ``rollback``, ``config`` (variables changed), ``restart``,
``scale`` (another formation), ``activate`` (after a rest).

Nothing is built, so they need no repository, no package index and no build host. As ever the version that is live is
not touched before ``proxy_update`` has succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.tasklib.appserver.beside import look_after
from dz.tasklib.appserver.deployments import deploy, retire
from dz.tasklib.appserver.hooks import post_build_hooks
from dz.tasklib.appserver.placing import placement
from dz.tasklib.context import Context
from dz.tasklib.pipeline import APPSERVER, PROXY, Pipeline, Step
from dz.tasklib.proxy.routes import proxy_update


def release(ctx: Context) -> Mapping[str, Any]:
    """Open the job's release and choose its appserver; done by one, for without any nothing could go on anyway."""
    made = ctx.door.release_again()
    ctx.log.note(f"release {made.number}: {made.why}, built from {made.commit[:7]}")
    return {"release": made.number, "commit": made.commit, **placement(ctx)}


def _again(kind: str) -> Pipeline:
    return Pipeline(
        kind,
        Step(name="release", title="Make the release", queue=APPSERVER, timeout=60, run=release),
        Step(name="deploy", title="Start the release", queue=APPSERVER, timeout=600, run=deploy),
        Step(name="post_build_hooks", title="Run migrations", queue=APPSERVER, timeout=900, run=post_build_hooks),
        Step(
            name="proxy_update", title="Switch to the release", queue=PROXY, timeout=120, run=proxy_update, commits=True
        ),
        Step(name="retire", title="Stop the old release", queue=APPSERVER, timeout=300, run=retire, may_fail=True),
        Step(name="processes", title="Start the rest", queue=APPSERVER, timeout=300, run=look_after, may_fail=True),
    )


ROLLBACK, CONFIG, RESTART = _again("rollback"), _again("config"), _again("restart")
SCALE, ACTIVATE = _again("scale"), _again("activate")
