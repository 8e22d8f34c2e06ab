"""What a job waits for, what its steps usually take, and which values it will want: answers in words, from the rows."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from dz.tasklib.filled import asks_for_redis, is_known
from dz2 import configs
from dz2.api.silence import is_silent, silent_for
from dz2.engine import MAX_RETRIES
from dz2.models import ConfigGuess, Host, Job, JobState, JobStep, Project, StepState

LOOKED_AT = 5  # latest successes that "usually" means
ENOUGH = 3


def waits_for(job: Job) -> str | None:
    """One phrase: the job before it, the steps before it on its queue, or the host that is missing."""
    if job.state == JobState.WAITING and job.project:
        running = job.project.jobs.filter(changes=True, state=JobState.RUNNING).first()
        return f"job {running.pk} of {job.project.name}" if running else "its turn"
    if job.state != JobState.RUNNING:
        return None
    step = job.steps.filter(state=StepState.READY).order_by("position").first()
    if step is None or job.steps.filter(state=StepState.RUNNING).exists():
        return None
    return _for_a_worker(step)


def _for_a_worker(step: JobStep) -> str | None:
    host = step.queue.removeprefix("appserver_") if step.queue.startswith("appserver_") else None
    which = Host.objects.filter(instance_id=host) if host else Host.objects.filter(role=step.queue)
    latest = which.exclude(last_heartbeat=None).order_by("-last_heartbeat").first()
    name = host or f"{step.queue} host"
    if latest is None:
        return f"a worker: no {name} has reported yet"
    silent = silent_for(latest.last_heartbeat)
    if is_silent(silent):
        return f"a worker: no {name} has reported for {silent:.0f} s"
    before = JobStep.objects.filter(queue=step.queue, state=StepState.READY, ready_at__lt=step.ready_at).count()
    if before:
        return f"{before} {'step' if before == 1 else 'steps'} before it on {name}"
    if not step.retries:
        return None
    why = str((step.error or {}).get("sentence", "")).rstrip(".")
    return f"retry {step.retries} of {MAX_RETRIES}" + (f" ({why})" if why else "")


def usual_seconds(job: Job) -> dict[str, float]:
    """Median of the latest successes of each step of this project's jobs of that kind; too few: nothing."""
    if job.state in JobState.terminal() or job.project is None:
        return {}
    same = Job.objects.filter(project=job.project, kind=job.kind, state=JobState.SUCCEEDED).order_by("-pk")
    latest = list(same.values_list("pk", flat=True)[:LOOKED_AT])
    if len(latest) < ENOUGH:
        return {}
    took: dict[str, list[float]] = defaultdict(list)
    ended = JobStep.objects.filter(job__in=latest, state=StepState.SUCCEEDED)
    for name, began, end in ended.values_list("name", "started_at", "finished_at"):
        if began and end:
            took[name].append((end - began).total_seconds())
    return {name: round(statistics.median(times), 1) for name, times in took.items() if len(times) >= ENOUGH}


def missing_variables(project: Project, guesses: Sequence[ConfigGuess]) -> list[dict[str, Any]]:
    """The variables that the settings read without a default, that the platform can't fill and that have no value;
    without those that a person decided to leave so."""
    return _without_value(project, guesses, "environment")


def later_variables(project: Project, guesses: Sequence[ConfigGuess]) -> list[dict[str, Any]]:
    """Likewise those without which nothing fails but the code that reads them, when it is used."""
    asked = {one["name"] for one in missing_variables(project, guesses)}
    return [one for one in _without_value(project, guesses, "environment_later") if one["name"] not in asked]


def _without_value(project: Project, guesses: Sequence[ConfigGuess], field: str) -> list[dict[str, Any]]:
    config = configs.latest(project)
    redis = asks_for_redis(project.build_config)
    given = {*project.left_unset, *(config.names if config else [])}
    wanted = [guess for guess in guesses if guess.field == field]
    primary = next((guess for guess in wanted if guess.is_primary), None)  # the names of all that count, a line each
    names = primary.value.split() if primary else []
    own = {guess.value: guess for guess in wanted if not guess.is_primary}
    return [
        _variable(name, own.get(name) or primary)
        for name in names
        if primary and name not in given and not is_known(name, redis=redis)
    ]


def _variable(name: str, guess: ConfigGuess) -> dict[str, Any]:
    return {"name": name, "where": guess.place, "excerpt": guess.basis_excerpt, "why": guess.basis_why}
