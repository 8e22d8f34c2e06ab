"""One attempt at a step: claim, run, record. The only place where exceptions become results.

A message that comes late, twice or for another attempt finds nothing to claim and is dropped. The result is recorded
after the effect, by the attempt that still holds the step, or not at all.
"""

from __future__ import annotations

import errno
import os
import random
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from dz import hosting
from dz.errors import Cancelled, LostLease, PlatformError, Transient, UserError
from dz.log import get_logger
from dz.problems import told
from dz.run import DeadlinePassed, marked
from dz.settings import WorkerSettings
from dz.tasklib.context import Context, kill_id
from dz.tasklib.hosting import Seams
from dz.tasklib.pipeline import HARD_LIMIT, Step
from dz.tasks.eventlog import EventLog
from dz.tasks.faults import point
from dz.tasks.lease import Lease
from dz2 import engine, zoomdb
from dz2.advancing import known
from dz2.engine import Ended, Outcome
from dz2.joblog import Writer

RECONCILE_LIMIT = 600.0
Kept = TypeVar("Kept")
LONGEST_PAUSE = 60.0  # seconds between two tries of what is likely to pass

log = get_logger()


def run_step(step_id: int, attempt: int) -> None:
    """Run this attempt, if it is still to be run, and then what it made ready for this queue: a step that the broker
    need not carry is spared the way through it. The task of them all ends before Celery ends it."""
    settings = hosting.settings()
    until = time.monotonic() + HARD_LIMIT
    close_old_connections()  # zoomdb may have been away since this child's last task
    claimed = engine.claim(step_id, attempt, host=settings.instance_id, pid=os.getpid(), lease=settings.lease)
    if claimed is None:
        log.info("step.dropped", step_id=step_id, attempt=attempt)
    while claimed is not None:
        claimed = _run(claimed, settings, hosting.seams(), until)


def _run(claimed: engine.Claimed, settings: WorkerSettings, seams: Seams, until: float) -> engine.Claimed | None:
    """The whole attempt; the one to go on with, if there is one."""
    point("claimed", step=claimed.step, attempt=claimed.attempt)
    step = known(None)[claimed.kind].step(claimed.step)
    writer = Writer(claimed)
    lease = Lease(
        claimed,
        lease=settings.lease,
        every=settings.renew,
        until=time.monotonic() + step.timeout,
        kill=lambda: seams.sandbox.kill(kill_id(settings.home, settings.instance_id, claimed.step_id, claimed.attempt)),
        idle=writer.flush_if_due,
    )
    with lease:
        outcome = _attempt(claimed, step, settings, seams, lease, writer)
        point("effect", step=step.name, attempt=claimed.attempt)
        with lease.recording():
            kept, following = _insist(lambda: _record(claimed, outcome, settings, until))
    point("recorded", step=step.name, attempt=claimed.attempt)
    log.info("step.finished", step=step.name, job=claimed.job_id, ended=outcome.ended, kept=kept)
    return following


def _record(
    claimed: engine.Claimed, outcome: Outcome, settings: WorkerSettings, until: float
) -> tuple[bool, engine.Claimed | None]:
    with transaction.atomic():
        if not engine.record(claimed, outcome):
            return False, None
        return True, engine.claim_next(
            claimed,
            within=until - time.monotonic() - settings.lease,
            host=settings.instance_id,
            pid=os.getpid(),
            lease=settings.lease,
        )


def reconcile() -> None:
    """Make this host match what zoomdb wants."""
    from dz.tasklib.reconcile import reconcile as over_all_projects

    settings, began = hosting.settings(), time.monotonic()
    close_old_connections()
    over_all_projects(
        Context(
            job_id=0,
            step_id=0,
            attempt=0,
            step="reconcile",
            params={},
            results={},
            door=zoomdb.of_host(settings.instance_id),
            log=EventLog("reconcile"),
            settings=settings,
            seams=hosting.seams(),
            until=time.monotonic() + RECONCILE_LIMIT,
            stop=lambda: False,
        )
    )
    connection.close()
    log.info("reconcile.finished", seconds=round(time.monotonic() - began, 2))


def _attempt(
    claimed: engine.Claimed, step: Step, settings: WorkerSettings, seams: Seams, lease: Lease, writer: Writer
) -> Outcome:
    """The step's work between the attempts before, killed first, and its outcome."""
    context = Context(
        job_id=claimed.job_id,
        step_id=claimed.step_id,
        attempt=claimed.attempt,
        step=step.name,
        params=claimed.params,
        results=claimed.results,
        door=zoomdb.of_step(claimed, host=settings.instance_id),
        log=writer,
        settings=settings,
        seams=seams,
        until=lease.until,
        stop=lease.stop,
        midway=partial(point, "inside", step=step.name, attempt=claimed.attempt),
    )
    with writer:
        try:
            for earlier in range(1, claimed.attempt):
                seams.sandbox.kill(kill_id(settings.home, settings.instance_id, claimed.step_id, earlier))
            with marked(context.kill_id):
                return Outcome(ended=Ended.SUCCEEDED, result=dict(step.run(context) or {}))
        except LostLease:
            os._exit(70)
        except Exception as error:  # noqa: BLE001 - what nobody foresaw must end the step and be told, too
            outcome = outcome_of(error, step, settings, claimed.retries, late=time.monotonic() > lease.until - 1)
            _tell(writer, outcome, error)
            return outcome


def outcome_of(error: Exception, step: Step, settings: WorkerSettings, retries: int, *, late: bool) -> Outcome:
    """What an exception means for its step."""
    match error:
        case UserError():
            error_told = {"id": error.id, "sentence": error.brief, "where": error.where, "next": error.next}
            facts = {name: str(fact)[:500] for name, fact in error.facts.items()}  # a form can ask for what is missing
            return Outcome(ended=Ended.FAILED, error=error_told | {"facts": facts})
        case Cancelled():
            return Outcome(ended=Ended.CANCELLED)
        case Transient():
            return _again(told(error.id, detail=error.detail, host=settings.instance_id), retries)
        case OperationalError() | InterfaceError():
            return _again(told("platform.unexpected", detail=f"zoomdb: {error}"), retries)
        case DeadlinePassed() if late:
            return _errored("platform.step-timeout", title=step.title, seconds=round(step.timeout))
        case OSError(errno=errno.ENOSPC):
            return _errored("platform.disk-full", host=settings.instance_id)
        case PlatformError():
            return _errored(error.id, detail=error.detail, host=settings.instance_id)
        case _:
            return _errored("platform.unexpected", detail=f"{type(error).__name__}: {error}")


def _again(error: dict[str, str], retries: int) -> Outcome:
    """With full jitter, so that many who wait for one thing do not come back at once."""
    pause = random.uniform(0, min(LONGEST_PAUSE, 2.0**retries))  # noqa: S311 - no secret
    return Outcome(ended=Ended.TRANSIENT, error=error, again_in=pause)


def _errored(id: str, **facts: object) -> Outcome:
    return Outcome(ended=Ended.ERRORED, error=told(id, **facts))


def _tell(writer: Writer, outcome: Outcome, error: Exception) -> None:
    """The log holds it whole, whosever it is."""
    if outcome.error is None:
        return
    if outcome.ended is Ended.ERRORED:
        writer.output("".join(traceback.format_exception(error)).encode())
    where = f" ({outcome.error['where']})" if outcome.error["where"] else ""
    level = "warning" if outcome.ended is Ended.TRANSIENT else "error"
    writer.note(f"{outcome.error['sentence']}{where}", level=level)


def _insist(record: Callable[[], Kept]) -> Kept:
    """Until zoomdb takes it. The lease's watch ends the process when that lasts too long."""
    while True:
        try:
            return record()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.2)
