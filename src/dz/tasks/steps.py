"""One Celery task per step of every kind of job, by the step's name, and ``reconcile``. Messages hold ids alone."""

from __future__ import annotations

from dz.tasklib.jobs import PIPELINES
from dz.tasks import runner
from dz.tasks.celeryapp import app

for _name in sorted({step.name for pipeline in PIPELINES.values() for step in pipeline.steps}):
    app.task(runner.run_step, name=_name)

app.task(runner.reconcile, name="reconcile")
