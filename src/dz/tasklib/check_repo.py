"""The job ``check_repo``: look at a repository and write down, with reasons, how it would be built and run.

Changes nothing that runs; so it needs no turn among the project's other jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.tasklib.build.opening import fetch, look_at, look_of, title_of, with_confirmed
from dz.tasklib.context import Context
from dz.tasklib.pipeline import BUILD, Pipeline, Step


def check_repo(ctx: Context) -> Mapping[str, Any]:
    """Check out, inspect, keep the guesses and the zoombuild.cfg that the primary ones make."""
    project = ctx.door.project()
    with ctx.part("Check out the code"):
        checkout = fetch(ctx, project, str(ctx.params.get("ref") or project.ref))
    found = look_at(ctx, project, checkout.commit)
    ctx.midway()
    ctx.door.save_guesses(found.guesses, with_confirmed(found, project).text(), title_of(found))
    return {
        "commit": checkout.commit,
        "subject": checkout.subject,
        "branch": checkout.branch,
        "look": look_of(project, checkout.commit),
        "messages": list(found.messages),
    }


CHECK_REPO = Pipeline(
    "check_repo",
    Step(name="check_repo", title="Look at the repository", queue=BUILD, timeout=300, run=check_repo),
    changes=False,
)
