"""The job ``destroy``: a project's routes, processes, database and files go, in this order; its jobs stay readable."""

from __future__ import annotations

from dz.tasklib.appserver.deployments import undeploy
from dz.tasklib.build.storing import forget
from dz.tasklib.database.databases import drop_database
from dz.tasklib.pipeline import APPSERVER, BUILD, DATABASE, PROXY, Pipeline, Step
from dz.tasklib.proxy.routes import proxy_remove

DESTROY = Pipeline(
    "destroy",
    Step(name="proxy_remove", title="Take the site off the proxy", queue=PROXY, timeout=120, run=proxy_remove),
    Step(name="undeploy", title="Stop the site", queue=APPSERVER, timeout=300, run=undeploy),
    Step(name="drop_database", title="Drop the database", queue=DATABASE, timeout=120, run=drop_database),
    Step(name="forget", title="Delete bundles and secrets", queue=BUILD, timeout=120, run=forget),
)
