"""The engine: the rows of jobs and steps, and the only functions that change their state.

Each function is one statement or one transaction, and ``now()`` is always the database's. Transactions lock in one
order: project, job, step (``dz2.advancing``). What they promise together is in ``docs/engine.md``: one effect per
step, one running changing job per project, every job ends. The dispatcher's side is ``dz2.ringing``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Least, Now

from dz.errors import UserError
from dz.names import AppId
from dz.tasklib.pipeline import DONE, Pipeline
from dz2.advancing import (
    DESTROYS,
    Pipelines,
    advance,
    alone,
    by_themselves,
    domains_of,
    end_steps,
    hold,
    is_busy,
    known,
    lock,
    start,
)
from dz2.asker import name_of, user_of
from dz2.channels import JOB, notify
from dz2.models import Job, JobState, JobStep, Project, StepState
from dz2.storable import storable

MAX_RETRIES = 5
SECONDS_OF_TIMEOUT = ExpressionWrapper(F("timeout") * Value(timedelta(seconds=1)), output_field=DurationField())
SUPERSEDES = "build_and_deploy"  # a new one makes a waiting one of the same project pointless

_DUE = Q(not_before=None) | Q(not_before__lte=Now())
# Two claims of steps alone in one moment would each see the other one's still ready: they come one after the other.
_ALONE_IN_TURN = """
    SELECT pg_advisory_xact_lock(hashtext(queue)) FROM dz2_jobstep WHERE id = %s AND name = ANY(%s)
"""


class CancelAnswer(StrEnum):
    CANCELLED = "cancelled"  # the job has ended by it
    REQUESTED = "requested"  # a running step is told to stop
    TOO_LATE = "too late"  # past its commit point a job only goes forward
    ENDED = "ended"  # it had ended before


class Ended(StrEnum):
    """How one attempt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ERRORED = "errored"
    CANCELLED = "cancelled"
    TRANSIENT = "transient"  # ours and likely to pass: the step is ready again after ``again_in``


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ended: Ended
    result: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None  # {"id", "sentence", "where", "next"}
    again_in: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The right to one attempt at one step, and all that its runner must know."""

    job_id: int
    step_id: int
    attempt: int
    retries: int
    kind: str
    step: str
    queue: str
    app_id: AppId | None
    params: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Any]]  # of the steps that are done


@dataclass(frozen=True, slots=True)
class RenewAnswer:
    kept: bool
    cancel: bool = False


def accept(
    pipeline: Pipeline,
    project: Project | None,
    params: Mapping[str, Any],
    *,
    by: Any = None,
    idempotency_key: str | None = None,
) -> Job:
    """A new job with all its steps, started unless it must wait for the project's running job.

    The same ``idempotency_key`` gives the same job of that kind and project, whatever else is asked for. Raises
    UserError for a project that is gone, or that is going and asked for anything but to go.
    """
    with transaction.atomic():
        if project is not None:
            _refuse_going(hold(project), pipeline)
        job, made = _get_or_create(pipeline, project, params, by, idempotency_key)
        if not made:
            return job
        if pipeline.kind == SUPERSEDES and project is not None:
            _supersede(project, job)
        rows = (
            JobStep(job=job, position=i, name=s.name, title=s.title, queue=s.queue, timeout=s.timeout)
            for i, s in enumerate(pipeline.steps)
        )
        JobStep.objects.bulk_create(rows)
        if not (pipeline.changes and is_busy(job.project_id)):
            start(job, {pipeline.kind: pipeline})
        notify(JOB, job.pk)
    return job


def cancel(job_id: int, *, pipelines: Pipelines | None = None) -> CancelAnswer:
    """Stop a job before its commit point: what waits is cancelled now, what runs learns it by its next renewal."""
    with transaction.atomic():
        job = lock(job_id)
        kinds = known(pipelines)
        pipeline = kinds[job.kind]
        if job.state in JobState.terminal():
            return CancelAnswer.ENDED
        if _committed(job, pipeline):
            return CancelAnswer.TOO_LATE
        job.cancel_requested = True
        job.save(update_fields=["cancel_requested"])
        end_steps(job, [StepState.WAITING, StepState.READY], StepState.CANCELLED)
        advance(job, kinds)
        notify(JOB, job.pk)
    return CancelAnswer.CANCELLED if job.state == JobState.CANCELLED else CancelAnswer.REQUESTED


def claim(step_id: int, attempt: int, *, host: str, pid: int, lease: float) -> Claimed | None:
    """Take the step for ``lease`` seconds; None if this attempt is somebody else's, over or not due, or must not run
    beside another one."""
    with transaction.atomic():
        if not _take(step_id, attempt, host=host, pid=pid, lease=lease):
            return None
        step = JobStep.objects.select_related("job", "job__project").get(pk=step_id)
        notify(JOB, step.job_id)
    job = step.job
    done = job.steps.filter(state__in=DONE).values_list("name", "result")
    return Claimed(
        job_id=job.pk,
        step_id=step.pk,
        attempt=attempt,
        retries=step.retries,
        kind=job.kind,
        step=step.name,
        queue=step.queue,
        app_id=job.project.app_id if job.project else None,
        params=job.job_params,
        results=dict(done),
    )


def claim_next(done: Claimed, *, within: float, host: str, pid: int, lease: float) -> Claimed | None:
    """Take a step that has become ready on the queue of the one before, if it is to end ``within`` so many seconds: in
    one transaction with ``record`` nobody rings it, and no other worker knows of it."""
    steps = JobStep.objects.filter(_DUE, job=done.job_id, state=StepState.READY, queue=done.queue, timeout__lte=within)
    ready = steps.exclude(name__in=by_themselves())
    found = ready.order_by("position").values_list("pk", "attempt").first()
    return claim(*found, host=host, pid=pid, lease=lease) if found else None


def renew(claimed: Claimed, *, lease: float) -> RenewAnswer:
    """Keep the step for another ``lease`` seconds, but not past its deadline (and one lease to record it in)."""
    end = F("started_at") + SECONDS_OF_TIMEOUT + timedelta(seconds=lease)
    kept = _held(claimed).update(lease_until=Least(Now() + timedelta(seconds=lease), end))
    if not kept:
        return RenewAnswer(kept=False)
    return RenewAnswer(kept=True, cancel=Job.objects.values_list("cancel_requested", flat=True).get(pk=claimed.job_id))


def record(claimed: Claimed, outcome: Outcome, *, pipelines: Pipelines | None = None) -> bool:
    """Write how the attempt ended and start what became ready. False, and nothing written, if the lease was lost."""
    with transaction.atomic():
        job = lock(claimed.job_id, claimed.app_id)
        if not _held(claimed).update(**_ending(job, claimed, outcome)):
            return False
        advance(job, known(pipelines))
        notify(JOB, job.pk)
    return True


def retitle(claimed: Claimed, title: str) -> None:
    """A truer title for the running step."""
    if _held(claimed).update(title=storable(title)[:200]):
        notify(JOB, claimed.job_id)


def _take(step_id: int, attempt: int, *, host: str, pid: int, lease: float) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_ALONE_IN_TURN, [step_id, [*alone()]])
    others = JobStep.objects.filter(name__in=alone(), queue=OuterRef("queue"), state=StepState.RUNNING)
    taken = JobStep.objects.filter(
        ~Q(name__in=alone()) | ~Exists(others),
        _DUE,
        pk=step_id,
        attempt=attempt,
        state=StepState.READY,
    ).update(
        state=StepState.RUNNING,
        lease_until=Now() + timedelta(seconds=lease),
        host=host,
        pid=pid,
        started_at=Now(),
        next_ring=None,
    )
    return taken == 1


def _held(claimed: Claimed) -> Any:
    """The fence: the step's row while it is this attempt's to write."""
    return JobStep.objects.filter(pk=claimed.step_id, attempt=claimed.attempt, state=StepState.RUNNING)


def _refuse_going(project: Project, pipeline: Pipeline) -> None:
    if project.destroying_at is not None and pipeline.kind != DESTROYS:
        by = Job.objects.filter(project=project, kind=DESTROYS).values_list("pk", flat=True).last()
        raise UserError("project.busy", name=project.name, job=by)


def _get_or_create(
    pipeline: Pipeline, project: Project | None, params: Mapping[str, Any], by: Any, key: str | None
) -> tuple[Job, bool]:
    values: dict[str, Any] = {"project": project, "kind": pipeline.kind, "changes": pipeline.changes}
    values |= {"job_params": {**params, "who": name_of(by)} if by else dict(params), "requested_by": user_of(by)}
    if key is None:
        return Job.objects.create(**values), True
    whose = f"{pipeline.kind}\0{project.pk if project else ''}\0{key}"  # a key speaks of one kind of job on one project
    return Job.objects.get_or_create(idempotency_key=hashlib.sha256(whose.encode()).hexdigest(), defaults=values)


def _committed(job: Job, pipeline: Pipeline) -> bool:
    """Whether a step that commits has begun, in any attempt. The steps are held: none begins until we are through."""
    commits = {step.name for step in pipeline.steps if step.commits}
    begun = (StepState.RUNNING, StepState.SUCCEEDED)
    rows = JobStep.objects.select_for_update(no_key=True).filter(job=job).order_by("pk")
    return any(row.name in commits and (row.attempt > 1 or row.state in begun) for row in rows)


def _supersede(project: Project, by: Job) -> None:
    """The newer one is to bring the older one's domains too: their rows are there."""
    older = Job.objects.filter(project=project, kind=SUPERSEDES, state=JobState.WAITING).exclude(pk=by.pk)
    if left := domains_of(older):
        own = by.job_params.get("domains", {}).get("added", ())
        by.job_params["domains"] = {"added": sorted(left.union(own))}
        by.save(update_fields=["job_params"])
    for job in older:
        end_steps(job, [StepState.WAITING], StepState.CANCELLED)
        notify(JOB, job.pk)
    older.update(state=JobState.SUPERSEDED, finished_at=Now(), result={"superseded_by": by.pk})


def _ending(job: Job, claimed: Claimed, outcome: Outcome) -> dict[str, Any]:
    """The columns of a step whose attempt ended so."""
    if outcome.ended is Ended.TRANSIENT and job.cancel_requested:
        outcome = Outcome(ended=Ended.CANCELLED)
    if outcome.ended is Ended.TRANSIENT and claimed.retries < MAX_RETRIES:
        again = Now() + timedelta(seconds=outcome.again_in)
        return {
            "state": StepState.READY,
            "attempt": F("attempt") + 1,
            "retries": F("retries") + 1,
            "rings": 0,
            "lease_until": None,
            "not_before": again,
            "next_ring": again,
            "error": storable(outcome.error),
        }
    state = StepState.ERRORED if outcome.ended is Ended.TRANSIENT else StepState(outcome.ended)
    error = None if state is StepState.SUCCEEDED else storable(outcome.error)
    return {
        "state": state,
        "result": storable(outcome.result),
        "error": error,
        "lease_until": None,
        "finished_at": Now(),
    }
