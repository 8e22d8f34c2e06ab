"""The dispatcher's side of the engine: which steps to ring now, which leases ran out, which steps wait in vain.

Any number of dispatchers may do this at once: rows are taken with SKIP LOCKED or changed under the job's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from dz.log import get_logger
from dz.problems import told
from dz.tasklib.pipeline import SILENT
from dz.words import duration
from dz2.advancing import Pipelines, advance, alone, known, lock
from dz2.channels import JOB, RING, notify
from dz2.engine import SECONDS_OF_TIMEOUT
from dz2.models import Job, JobStep, StepState

MAX_DEATHS = 5
A_MINUTE = 60
LONGEST_WAIT = 300  # seconds between two rings of a step that nobody claims

log = get_logger()

_TAKE_DUE = """
    UPDATE dz2_jobstep SET rings = rings + 1,
           next_ring = now() + least(%s, %s * 2 ^ least(rings, 20)) * interval '1 second'
     WHERE id IN (SELECT id FROM dz2_jobstep due WHERE state = 'ready' AND next_ring <= now()
                  AND NOT (name = ANY(%s) AND EXISTS (  -- one at a time: the oldest, and none while one runs
                      SELECT 1 FROM dz2_jobstep other
                       WHERE other.name = ANY(%s) AND other.queue = due.queue
                         AND (other.state = 'running' OR (other.state = 'ready' AND other.next_ring IS NOT NULL
                              AND coalesce(other.not_before, now()) <= now() AND other.id < due.id))))
                  ORDER BY next_ring LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id, attempt, name, queue, rings
"""
# A ready step whose host or role has been silent, like itself, for the whole of the patience. One that its job goes on
# without waits a minute where its host was silent before: each such project would hold up the nights of all others.
_IN_VAIN = """
    SELECT s.id, s.job_id FROM dz2_jobstep s JOIN dz2_job j ON j.id = s.job_id
     WHERE s.state = 'ready' AND greatest(s.ready_at, s.not_before) < now() - interval '1 second'
           * CASE WHEN j.kind || ' ' || s.name = ANY(%s) THEN least(%s, %s) ELSE %s END
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
        cursor.execute(_TAKE_DUE, [LONGEST_WAIT, again, [*alone()], [*alone()], limit])
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
    overdue = JobStep.objects.filter(state=StepState.RUNNING, lease_until__lt=Now())
    found = list(overdue.values_list("pk", "job_id"))
    _each(found, _expire, known(pipelines))
    return len(found)


def lose_patience(patience: float, *, pipelines: Pipelines | None = None) -> int:
    """Ready steps that no live worker could have taken for ``patience`` seconds end their job, or are what it goes on
    without. How many there were."""
    kinds = known(pipelines)
    forgone = [f"{one.kind} {step.name}" for one in kinds.values() for step in one.steps if step.forgone]
    with connection.cursor() as cursor:
        cursor.execute(_IN_VAIN, [forgone, A_MINUTE, patience, patience, patience])
        found = cursor.fetchall()

    def give_up(job: Job, step_id: int) -> bool:
        step = JobStep.objects.filter(pk=step_id, state=StepState.READY).first()
        if step is None:
            return False
        silent = f"{step.queue.removeprefix('appserver_')} has been silent for {duration(patience)}"
        known_as = kinds[job.kind].step(step.name)
        if known_as.forgone:
            _forgo(step, known_as.forgone, silent)
        else:
            _error(step, known_as.unheard, role=step.queue, seconds=round(patience), detail=silent)
        return True

    _each(found, give_up, kinds)
    return len(found)


def _each(found: Iterable[tuple[int, int]], change: Callable[[Job, int], bool], kinds: Pipelines) -> None:
    """One transaction per step, nothing for one that changed meanwhile. A row that can't be made sense of is logged: it
    must not stop the dispatcher for all others."""
    for step_id, job_id in found:
        try:
            with transaction.atomic():
                job = lock(job_id)
                if change(job, step_id):
                    advance(job, kinds)
                    notify(JOB, job.pk)
        except (OperationalError, InterfaceError):
            raise  # zoomdb itself: the dispatcher waits for it
        except Exception:
            log.exception("ringing.bad-row", job=job_id, step_id=step_id)


def _expire(job: Job, step_id: int) -> bool:
    step = JobStep.objects.filter(pk=step_id, state=StepState.RUNNING, lease_until__lt=Now())
    if not step.exists():
        return False
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
    return True


def _forgo(step: JobStep, title: str, silent: str) -> None:
    """Its job goes on without it; what comes after it finds out by its result."""
    left = {"state": StepState.SKIPPED, "title": title, "result": {SILENT: silent}}
    JobStep.objects.filter(pk=step.pk, attempt=step.attempt, state=step.state).update(
        **left, next_ring=None, finished_at=Now()
    )


def _error(step: JobStep, id: str, **facts: object) -> None:
    JobStep.objects.filter(pk=step.pk, attempt=step.attempt, state=step.state).update(
        state=StepState.ERRORED,
        error=told(id, **facts),
        lease_until=None,
        next_ring=None,
        finished_at=Now(),
    )
