"""The way of a placed release to its visitors, the same in every job that makes one.

Promise: until ``proxy_update`` has succeeded the version that is live is not touched, however the job ends; after that
the job only goes forward.
"""

from __future__ import annotations

from dz.tasklib.pipeline import APPSERVER, PROXY, Named, On, Step

START = Step(
    name="deploy", title="Start the release", queue=APPSERVER, timeout=600, run=Named("appserver.deployments:deploy")
)

SWITCH = (
    Step(
        name="post_build_hooks",
        title="Run migrations",
        queue=APPSERVER,
        timeout=900,
        run=Named("appserver.hooks:post_build_hooks"),
    ),
    Step(
        name="proxy_update",
        title="Switch to the release",
        queue=PROXY,
        timeout=120,
        run=Named("proxy.routes:proxy_update"),
        commits=True,
    ),
    Step(
        name="retire",
        title="Stop the old release",
        queue=APPSERVER,
        on=On.RETIRING,
        timeout=300,
        run=Named("appserver.deployments:retire"),
        may_fail=True,
    ),
    Step(
        name="processes",
        title="Start the rest",
        queue=APPSERVER,
        on=On.BESIDE,
        timeout=300,
        run=Named("appserver.beside:look_after"),
        may_fail=True,
    ),
)

GO_LIVE = (START, *SWITCH)
