"""The job ``build_and_deploy``: a commit becomes the live site. The list is the story; each step is a task.

Promise: until ``proxy_update`` has succeeded the version that is live is not touched, however this job ends; after it
the job only goes forward. What a failed job left on hosts, reconcile takes away.
"""

from __future__ import annotations

from dz.tasklib.appserver.beside import look_after
from dz.tasklib.appserver.deployments import deploy, retire
from dz.tasklib.appserver.hooks import post_build_hooks
from dz.tasklib.appserver.placing import placement
from dz.tasklib.build.bundle import build_bundle
from dz.tasklib.build.opening import open_release
from dz.tasklib.build.storing import bundle_upload, prune
from dz.tasklib.database.databases import create_database
from dz.tasklib.pipeline import APPSERVER, BUILD, DATABASE, PROXY, Pipeline, Step, Together
from dz.tasklib.proxy.routes import proxy_update

BUILD_AND_DEPLOY = Pipeline(
    "build_and_deploy",
    Step(name="build_and_deploy", title="Check out the code", queue=BUILD, timeout=600, run=open_release),
    Step(name="build_bundle", title="Build the bundle", queue=BUILD, timeout=1500, run=build_bundle),
    Together(
        Step(name="create_database", title="Create the database", queue=DATABASE, timeout=120, run=create_database),
        Step(name="bundle_upload", title="Store the bundle", queue=BUILD, timeout=1500, run=bundle_upload),
    ),
    Step(name="placement", title="Choose an appserver", queue=BUILD, timeout=60, run=placement),
    Step(name="deploy", title="Start the release", queue=APPSERVER, timeout=600, run=deploy),
    Step(name="post_build_hooks", title="Run migrations", queue=APPSERVER, timeout=900, run=post_build_hooks),
    Step(name="proxy_update", title="Switch to the release", queue=PROXY, timeout=120, run=proxy_update, commits=True),
    Step(name="retire", title="Stop the old release", queue=APPSERVER, timeout=300, run=retire, may_fail=True),
    Step(name="processes", title="Start the rest", queue=APPSERVER, timeout=300, run=look_after, may_fail=True),
    Step(name="prune", title="Clear away old bundles", queue=BUILD, timeout=120, run=prune, may_fail=True),
)
