"""The dispatcher's side of the engine: which steps to ring now, which leases ran out, which steps wait in vain.

Any number of dispatchers may do this at once: rows are taken with SKIP LOCKED or changed under the job's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from dz.problems import problem
from dz2.advancing import Pipelines, advance, known, lock
from dz2.channels import JOB, RING, notify
from dz2.engine import SECONDS_OF_TIMEOUT
from dz2.models import JobStep, StepState

MAX_DEATHS = 5
LONGEST_WAIT = 300  # seconds between two rings of a step that nobody claims

_TAKE_DUE = """
    UPDATE dz2_jobstep SET rings = rings + 1,
           next_ring = now() + least(%s, %s * 2 ^ least(rings, 20)) * interval '1 second'
     WHERE id IN (SELECT id FROM dz2_jobstep WHERE state = 'ready' AND next_ring <= now()
                  ORDER BY next_ring LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id, attempt, name, queue, rings
"""
# A ready step whose host or role has been silent, like itself, for the whole of the patience.
_IN_VAIN = """
    SELECT s.id, s.job_id FROM dz2_jobstep s
     WHERE s.state = 'ready' AND greatest(s.ready_at, s.not_before) < now() - %s * interval '1 second'
       AND NOT EXISTS (SELECT 1 FROM dz2_host h
            WHERE h.last_heartbeat > now() - %s * interval '1 second'
              AND (h.role = s.queue OR s.queue = 'appserver_' || h.instance_id))
"""


@dataclass(frozen=True, slots=True)
class Ring:
    """A message to publish: this attempt at this step, on this queue. ``rings``: how many times by now."""

    step_id: int
    attempt: int
    name: str
    queue: str
    rings: int


def due_rings(limit: int = 100, *, again: float) -> list[Ring]:
    """Take the steps to ring now; each is due again after ``again``, twice that, ... seconds while unclaimed."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_DUE, [LONGEST_WAIT, again, limit])
        return [Ring(*row) for row in cursor.fetchall()]


def ring_failed(ring: Ring) -> None:
    """The broker did not confirm: due again in a second, whatever the doubling says."""
    JobStep.objects.filter(pk=ring.step_id, attempt=ring.attempt, state=StepState.READY).update(
        next_ring=Now() + timedelta(seconds=1)
    )


def expire(*, pipelines: Pipelines | None = None) -> int:
    """Steps whose lease ran out are ready for another attempt, or errored after their deadline or five deaths.

    How many there were.
    """
    kinds = known(pipelines)
    overdue = JobStep.objects.filter(state=StepState.RUNNING, lease_until__lt=Now())
    found = list(overdue.values_list("pk", "job_id"))
    for step_id, job_id in found:
        with transaction.atomic():
            job = lock(job_id)
            step = JobStep.objects.filter(pk=step_id, state=StepState.RUNNING, lease_until__lt=Now())
            if late := step.filter(started_at__lt=Now() - SECONDS_OF_TIMEOUT).first():
                _error(late, "platform.step-timeout", title=late.title, seconds=round(late.timeout))
            elif spent := step.filter(deaths__gte=MAX_DEATHS - 1).first():
                _error(spent, "platform.worker-died", attempts=MAX_DEATHS)
            elif job.cancel_requested:
                step.update(state=StepState.CANCELLED, lease_until=None, finished_at=Now())
            else:
                step.update(
                    state=StepState.READY,
                    attempt=F("attempt") + 1,
                    deaths=F("deaths") + 1,
                    rings=0,
                    lease_until=None,
                    ready_at=Now(),
                    next_ring=Now(),
                )
                notify(RING)
            advance(job, kinds)
            notify(JOB, job.pk)
    return len(found)


def lose_patience(patience: float, *, pipelines: Pipelines | None = None) -> int:
    """Ready steps that no live worker could have taken for ``patience`` seconds end their job. How many there were."""
    kinds = known(pipelines)
    with connection.cursor() as cursor:
        cursor.execute(_IN_VAIN, [patience, patience])
        found = cursor.fetchall()
    for step_id, job_id in found:
        with transaction.atomic():
            job = lock(job_id)
            if step := JobStep.objects.filter(pk=step_id, state=StepState.READY).first():
                _error(step, "platform.no-worker", role=step.queue, seconds=round(patience))
                advance(job, kinds)
                notify(JOB, job_id)
    return len(found)


def _error(step: JobStep, id: str, **facts: object) -> None:
    entry = problem(id)
    error = {"id": id, "sentence": entry.sentence.format_map(facts), "where": "", "next": entry.next.format_map(facts)}
    JobStep.objects.filter(pk=step.pk, attempt=step.attempt, state=step.state).update(
        state=StepState.ERRORED, error=error, lease_until=None, next_ring=None, finished_at=Now()
    )
