"""One Celery task per step of every kind of job, by the step's name, and ``reconcile``. Messages hold ids alone."""

from __future__ import annotations

from dz.tasklib.jobs import PIPELINES
from dz.tasks import aside, runner
from dz.tasks.celeryapp import app

_aside = {step.name: step.aside for pipeline in PIPELINES.values() for step in pipeline.steps}
for _name in sorted(_aside):
    app.task(aside.run_step if _aside[_name] else runner.run_step, name=_name)

app.task(runner.reconcile, name="reconcile")
