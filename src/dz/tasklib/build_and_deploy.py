"""The job ``build_and_deploy``: a commit becomes the live site. The list is the story; each step is a task.

How it goes live, and what is promised meanwhile, is ``going_live.py``. What a failed job left on hosts, reconcile takes
away.
"""

from __future__ import annotations

from dz.tasklib.appserver.placing import placement
from dz.tasklib.build.bundle import build_bundle
from dz.tasklib.build.opening import open_release
from dz.tasklib.build.proving import prove
from dz.tasklib.build.storing import bundle_upload, prune
from dz.tasklib.database.databases import create_database
from dz.tasklib.going_live import START, SWITCH
from dz.tasklib.pipeline import BUILD, DATABASE, Pipeline, Step, Together

BUILD_AND_DEPLOY = Pipeline(
    "build_and_deploy",
    Step(name="build_and_deploy", title="Check out the code", queue=BUILD, timeout=600, run=open_release),
    Step(name="build_bundle", title="Build the bundle", queue=BUILD, timeout=1500, run=build_bundle),
    Together(
        Step(name="create_database", title="Create the database", queue=DATABASE, timeout=120, run=create_database),
        Step(name="bundle_upload", title="Store the bundle", queue=BUILD, timeout=1500, run=bundle_upload),
        Step(name="placement", title="Choose an appserver", queue=BUILD, timeout=60, run=placement),
    ),
    Together(
        START,
        Step(name="prove", title="Check that it starts", queue=BUILD, timeout=1500, run=prove),
    ),
    *SWITCH,
    Step(name="prune", title="Clear away old bundles", queue=BUILD, timeout=120, run=prune, may_fail=True),
)
