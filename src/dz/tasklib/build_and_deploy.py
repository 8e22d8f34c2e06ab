"""The job ``build_and_deploy``: a commit becomes the live site. The list is the story; each step is a task.

How it goes live, and what is promised meanwhile, is ``going_live.py``. What a failed job left on hosts, reconcile takes
away.
"""

from __future__ import annotations

from dz.tasklib.going_live import START, SWITCH
from dz.tasklib.pipeline import BUILD, DATABASE, Named, Pipeline, Results, Step, Together


def _is_proved(told: Results) -> bool:
    """By the build, or by what its release said of itself."""
    return "foreseen" not in told.get("build_bundle", {}) or "proved" in told.get("deploy", {})


BUILD_AND_DEPLOY = Pipeline(
    "build_and_deploy",
    Step(
        name="build_and_deploy",
        title="Check out the code",
        queue=BUILD,
        timeout=600,
        run=Named("build.opening:open_release"),
    ),
    Step(
        name="build_bundle", title="Build the bundle", queue=BUILD, timeout=1500, run=Named("build.bundle:build_bundle")
    ),
    Together(
        Step(
            name="create_database",
            title="Create the database",
            queue=DATABASE,
            timeout=120,
            run=Named("database.databases:create_database"),
        ),
        Step(
            name="bundle_upload",
            title="Store the bundle",
            queue=BUILD,
            timeout=1500,
            run=Named("build.storing:bundle_upload"),
        ),
        Step(
            name="placement",
            title="Choose an appserver",
            queue=BUILD,
            timeout=60,
            run=Named("appserver.placing:placement"),
        ),
    ),
    START,
    Step(
        name="prove",
        title="Check that it starts",
        queue=BUILD,
        timeout=1500,
        run=Named("build.proving:prove"),
        needless=_is_proved,
    ),
    *SWITCH,
    Step(
        name="prune",
        title="Clear away old bundles",
        queue=BUILD,
        timeout=120,
        run=Named("build.storing:prune"),
        may_fail=True,
    ),
)
