"""The job ``destroy``: a project's routes, processes, database and files go, in this order; its jobs stay readable.

The first step writes into zoomdb that the project goes, before anything of it does. So no host's reconcile brings a
part back, nothing else is begun on the project, and a destroy that failed halfway is done by another one. Then a last
backup is made of its data, unless refused, which stays for 30 days.
"""

from __future__ import annotations

from dz.tasklib.backup import BACK_UP
from dz.tasklib.pipeline import APPSERVER, BUILD, DATABASE, PROXY, Named, On, Pipeline, Step

DESTROY = Pipeline(
    "destroy",
    Step(
        name="proxy_remove",
        title="Take the site off the proxy",
        queue=PROXY,
        timeout=120,
        run=Named("proxy.routes:proxy_remove"),
        commits=True,
    ),
    *BACK_UP,
    Step(
        name="undeploy",
        title="Stop the site",
        queue=APPSERVER,
        on=On.LEFT,
        timeout=300,
        run=Named("appserver.deployments:undeploy"),
    ),
    Step(
        name="drop_database",
        title="Drop the database",
        queue=DATABASE,
        timeout=120,
        run=Named("database.databases:drop_database"),
    ),
    Step(
        name="forget", title="Delete bundles and secrets", queue=BUILD, timeout=120, run=Named("build.storing:forget")
    ),
)
