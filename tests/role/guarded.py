"""Scenarios for ``test_guards``, run as a program on one source tree: prints how it came out. Each is deterministic."""

from __future__ import annotations

import os
import sys
import threading

import django
import psycopg


def two_messages_for_one_attempt() -> str:
    job = jobs.accept(jobs.project())
    row = job.steps.get(name="build_bundle")
    claims = [engine.claim(row.pk, 1, host="build-1", pid=pid, lease=15) for pid in (1, 2)]
    return f"{sum(claim is not None for claim in claims)} claims"


def a_worker_comes_back_after_its_lease() -> str:
    job = jobs.accept(jobs.project())
    late = jobs.claim(job, "build_bundle")
    jobs.age(job, 20)
    ringing.expire(pipelines=jobs.PIPELINES)
    jobs.claim(job, "build_bundle")
    jobs.record(late, jobs.FAILED)
    return jobs.state(job)


def the_broker_loses_a_message() -> str:
    job = jobs.accept(jobs.project())
    assert job.steps.get(name="build_bundle").pk in [ring.step_id for ring in ringing.due_rings(again=10)]
    jobs.age(job, 3600)
    again = [ring for ring in ringing.due_rings(again=10) if ring.step_id == job.steps.get(name="build_bundle").pk]
    return f"{len(again)} more ring"


def two_deploys_at_once() -> str:
    """The second one asks while the first one's transaction is still open."""
    from django.db import IntegrityError, connections, transaction

    from tests.waiting import until

    shop, second = jobs.project(), []

    def other() -> None:
        try:
            second.append(jobs.state(jobs.accept(shop)))
        except IntegrityError:
            second.append("refused")
        connections.close_all()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        jobs.accept(shop)
        thread.start()
        until(_blocked, what="the other transaction waits for this one")
    thread.join(60)
    return str(second[0])


def two_steps_alone_at_once() -> str:
    """The second one is claimed while the first one's claim is not committed yet."""
    from django.db import connections, transaction

    from dz.tasklib.jobs import PIPELINES
    from tests.waiting import until

    rows = [jobs.accept(jobs.project(), PIPELINES["dump"]).steps.get() for _ in range(2)]
    claims = []

    def claim(row: object) -> None:
        claims.append(engine.claim(row.pk, 1, host="database-1", pid=1, lease=15))

    def other() -> None:
        claim(rows[1])
        connections.close_all()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        claim(rows[0])
        thread.start()
        until(lambda: len(claims) == 2 or _blocked(), what="the other one claims, or waits for this one")
    thread.join(60)
    return f"{sum(claim is not None for claim in claims)} claims"


def _blocked() -> bool:
    """Seen by a connection of its own: within a transaction the server's statistics stand still."""
    with psycopg.connect(os.environ["DZ_ZOOMDB_URL"]) as looking:
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return looking.execute(query).fetchone() is not None


if __name__ == "__main__":
    django.setup()
    from dz2 import engine, ringing
    from tests.role import jobs

    for scenario in sys.argv[1:]:
        print(globals()[scenario]())
