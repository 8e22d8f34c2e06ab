"""The job ``check_repo``: look at a repository and write down, with reasons, how it would be built and run.

Changes nothing that runs; so it needs no turn among the project's other jobs.
"""

from __future__ import annotations

from dz.tasklib.pipeline import BUILD, Named, Pipeline, Step

CHECK_REPO = Pipeline(
    "check_repo",
    Step(
        name="check_repo",
        title="Look at the repository",
        queue=BUILD,
        timeout=300,
        run=Named("build.checking:check_repo"),
    ),
    changes=False,
)
