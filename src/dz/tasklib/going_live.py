"""The way of a placed release to its visitors, the same in every job that makes one.

Promise: until ``proxy_update`` has succeeded the version that is live is not touched, however the job ends; after that
the job only goes forward.
"""

from __future__ import annotations

from dz.tasklib.appserver.beside import look_after
from dz.tasklib.appserver.deployments import deploy, retire
from dz.tasklib.appserver.hooks import post_build_hooks
from dz.tasklib.pipeline import APPSERVER, PROXY, On, Step
from dz.tasklib.proxy.routes import proxy_update

START = Step(name="deploy", title="Start the release", queue=APPSERVER, timeout=600, run=deploy)

SWITCH = (
    Step(name="post_build_hooks", title="Run migrations", queue=APPSERVER, timeout=900, run=post_build_hooks),
    Step(name="proxy_update", title="Switch to the release", queue=PROXY, timeout=120, run=proxy_update, commits=True),
    Step(
        name="retire",
        title="Stop the old release",
        queue=APPSERVER,
        on=On.RETIRING,
        timeout=300,
        run=retire,
        may_fail=True,
    ),
    Step(
        name="processes",
        title="Start the rest",
        queue=APPSERVER,
        on=On.BESIDE,
        timeout=300,
        run=look_after,
        may_fail=True,
    ),
)

GO_LIVE = (START, *SWITCH)
