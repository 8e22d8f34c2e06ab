"""``managepy_command``: what a person runs in a project's live release. Deploys pass it by."""

from __future__ import annotations

from dz.tasklib.pipeline import APPSERVER, Named, On, Pipeline, Step

LONGEST = 12 * 3600.0

MANAGEPY_COMMAND = Pipeline(
    "managepy_command",
    Step(
        name="managepy_command",
        title="Run the command",
        queue=APPSERVER,
        on=On.LIVE,
        timeout=LONGEST,
        run=Named("appserver.command:managepy_command"),
        aside=True,
    ),
    changes=False,
)
