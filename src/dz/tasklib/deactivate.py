"""The job ``deactivate``: a project rests. Nothing of it runs and a plain page says so; its data, files, releases and
variables stay, and ``activate`` (``again.py``) makes the live release run again.

The first step writes into zoomdb that it rests, before anything of it stops: no host's reconcile starts it again.
"""

from __future__ import annotations

from dz.tasklib.pipeline import APPSERVER, PROXY, Named, On, Pipeline, Step

DEACTIVATE = Pipeline(
    "deactivate",
    Step(
        name="rest",
        title="Take the site off the proxy",
        queue=PROXY,
        timeout=120,
        run=Named("proxy.routes:rest"),
        commits=True,
    ),
    Step(
        name="retire",
        title="Stop the site",
        queue=APPSERVER,
        on=On.RETIRING,
        timeout=300,
        run=Named("appserver.deployments:retire"),
        may_fail=True,
    ),
)
