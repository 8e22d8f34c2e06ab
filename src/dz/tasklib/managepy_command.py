"""``managepy_command``: what a person runs in a project's live release. Deploys pass it by."""

from __future__ import annotations

from dz.tasklib.appserver.command import LONGEST, managepy_command
from dz.tasklib.pipeline import APPSERVER, On, Pipeline, Step

MANAGEPY_COMMAND = Pipeline(
    "managepy_command",
    Step(
        name="managepy_command",
        title="Run the command",
        queue=APPSERVER,
        on=On.LIVE,
        timeout=LONGEST,
        run=managepy_command,
        aside=True,
    ),
    changes=False,
)
