"""The engine's functions, one promise at a time, on a real PostgreSQL."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.usefixtures("zoomdb")


@pytest.fixture
def j(zoomdb: str) -> Any:
    from tests.role import jobs

    return jobs


@pytest.fixture
def engine(zoomdb: str) -> Any:
    from dz2 import engine

    return engine


@pytest.fixture
def ringing(zoomdb: str) -> Any:
    from dz2 import ringing

    return ringing


def test_a_job_keeps_what_its_steps_reported_but_not_what_they_hand_to_each_other(j: Any) -> None:
    job = j.accept(j.project(), j.CHECK)
    j.record(j.claim(job, "check_repo"), j.outcome("succeeded", result={"commit": "c", "said": "x", "candidates": {}}))
    assert j.state(job) == "succeeded"
    assert job.result == {"commit": "c"}


def test_a_job_runs_its_stages_in_order_and_ends(j: Any) -> None:
    job = j.accept(j.project())
    assert j.ready(job) == ["build_bundle"]
    j.do(job, "build_bundle")
    assert j.ready(job) == ["create_database", "bundle_upload"]
    j.do(job, "bundle_upload")
    assert j.ready(job) == ["create_database"]
    j.do(job, "create_database", "switch")
    assert j.steps(job)["retire"] == "skipped"  # nothing of an older release runs on any appserver
    assert j.state(job) == "running"
    j.do(job, "prune")
    assert j.state(job) == "succeeded"


def test_a_worker_goes_on_with_what_it_made_ready_on_its_own_queue_and_nobody_rings_that(
    j: Any, engine: Any, ringing: Any
) -> None:
    job = j.accept(j.project())
    bundle = j.claim(job, "build_bundle")
    upload = j.go_on(bundle)
    assert (upload.step, upload.attempt, upload.results) == ("bundle_upload", 1, {"build_bundle": {}})
    assert [ring.name for ring in ringing.due_rings(again=10)] == ["create_database"]
    assert j.go_on(upload) is None, "its stage is not over"
    assert j.go_on(j.claim(job, "create_database")) is None, "what follows is another host's"
    assert j.ready(job) == ["switch"]


def test_a_worker_goes_on_with_its_own_job_alone(j: Any) -> None:
    """Another's step has its message on the way, and may be any worker's."""
    other, job = j.accept(j.project()), j.accept(j.project())
    upload = j.go_on(j.claim(job, "build_bundle"))
    assert (upload.job_id, upload.step) == (job.pk, "bundle_upload")
    assert j.ready(other) == ["build_bundle"]


def test_a_worker_goes_on_with_nothing_that_may_last_longer_than_its_task(j: Any) -> None:
    job = j.accept(j.project())
    assert j.go_on(j.claim(job, "build_bundle"), within=599) is None
    assert j.ready(job) == ["create_database", "bundle_upload"]


def test_a_worker_goes_on_with_nothing_that_is_not_due(j: Any) -> None:
    job = j.accept(j.project())
    later = j.outcome("transient", again_in=60)
    assert j.go_on(j.claim(job, "build_bundle"), later) is None
    assert j.ready(job) == ["build_bundle"]


def test_a_worker_goes_on_with_no_step_of_which_one_runs_at_a_time_nor_one_that_is_not_for_the_pool(
    j: Any, engine: Any
) -> None:
    from dz.tasklib.jobs import PIPELINES
    from dz2.advancing import by_themselves

    job = j.accept(j.project(), PIPELINES["nightly_backup"])
    j.do(job, "backup_database")
    assert j.ready(job) == ["keep_backup"]
    assert j.go_on(j.claim(job, "keep_backup"), within=3600) is None
    assert j.ready(job) == ["test_restore"]
    assert "managepy_command" in by_themselves(), "no job has one that follows another yet"


def test_one_step_is_claimed_once_however_many_are_rung(j: Any, engine: Any) -> None:
    from django.db import connections

    job = j.accept(j.project())
    row = job.steps.get(name="build_bundle")
    got: list[Any] = []
    together = threading.Barrier(6)

    def worker(pid: int) -> None:
        together.wait()
        got.append(engine.claim(row.pk, 1, host="build-1", pid=pid, lease=15))
        connections.close_all()

    threads = [threading.Thread(target=worker, args=(pid,)) for pid in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == 6 and sum(one is not None for one in got) == 1


def test_a_lost_lease_is_another_attempt_and_the_old_one_records_nothing(j: Any, ringing: Any, engine: Any) -> None:
    job = j.accept(j.project())
    old = j.claim(job, "build_bundle")
    j.age(job, 20)
    assert ringing.expire(pipelines=j.PIPELINES) == 1
    new = j.claim(job, "build_bundle")
    assert new.attempt == 2
    assert not engine.renew(old, lease=15).kept
    assert not j.record(old, j.FAILED)
    assert j.record(new)
    assert j.ready(job) == ["create_database", "bundle_upload"]


def test_a_renewed_lease_is_kept_until_the_deadline_of_the_step(j: Any, ringing: Any, engine: Any) -> None:
    job = j.accept(j.project())
    claimed = j.claim(job, "build_bundle")
    j.age(job, 10)
    assert engine.renew(claimed, lease=15).kept
    j.age(job, 10)
    assert ringing.expire(pipelines=j.PIPELINES) == 0
    j.age(job, 1000)
    engine.renew(claimed, lease=15)  # too late: it cannot reach over the deadline
    assert ringing.expire(pipelines=j.PIPELINES) == 1
    assert j.state(job) == "errored"
    assert job.error["id"] == "platform.step-timeout" and job.error["step"] == "build_bundle"


def test_after_five_deaths_the_job_is_errored_and_says_so(j: Any, ringing: Any) -> None:
    job = j.accept(j.project())
    for _ in range(5):
        j.claim(job, "build_bundle")
        j.age(job, 20)
        ringing.expire(pipelines=j.PIPELINES)
    assert j.state(job) == "errored"
    assert job.error["id"] == "platform.worker-died" and "5 times" in job.error["sentence"]
    assert set(j.steps(job).values()) == {"errored", "skipped"}


def test_transient_trouble_is_tried_five_times_more(j: Any) -> None:
    job = j.accept(j.project())
    for _ in range(6):
        assert j.state(job) == "running"
        j.record(j.claim(job, "build_bundle"), j.TRANSIENT)
    assert j.state(job) == "errored"


def test_a_users_error_is_told_once_and_the_rest_is_skipped(j: Any) -> None:
    job = j.accept(j.project())
    j.record(j.claim(job, "build_bundle"), j.FAILED)
    assert j.state(job) == "failed"
    assert job.error == {**j.ERROR, "step": "build_bundle"}
    assert set(j.steps(job).values()) == {"failed", "skipped"}


def test_a_failure_beside_a_running_step_waits_for_it(j: Any) -> None:
    job = j.accept(j.project())
    j.do(job, "build_bundle")
    running = j.claim(job, "create_database")
    j.record(j.claim(job, "bundle_upload"), j.FAILED)
    assert j.state(job) == "running"
    j.record(running)
    assert j.state(job) == "failed"


def test_a_failure_cancels_what_has_not_begun_beside_it(j: Any) -> None:
    job = j.accept(j.project())
    j.do(job, "build_bundle")
    j.record(j.claim(job, "bundle_upload"), j.FAILED)
    assert j.state(job) == "failed"
    assert j.steps(job)["create_database"] == "cancelled"


def test_what_may_fail_does_not_fail_the_job(j: Any) -> None:
    job = j.accept(j.project())
    j.do(job, "build_bundle", "create_database", "bundle_upload", "switch")
    j.record(j.claim(job, "prune"), j.FAILED)
    assert j.state(job) == "succeeded"
    assert job.error is None


@pytest.mark.parametrize("told", [{"proved": True}, {}], ids=["needless", "needed"])
def test_a_step_that_what_was_told_before_makes_needless_is_skipped(j: Any, engine: Any, told: dict[str, Any]) -> None:
    pipeline = j.Pipeline(
        "build_and_deploy",
        j.step("deploy"),
        j.step("prove", needless=lambda told: "proved" in told["deploy"]),
        j.step("switch"),
    )
    job = j.accept(j.project(), pipeline)
    engine.record(j.claim(job, "deploy"), j.outcome("succeeded", result=told), pipelines={pipeline.kind: pipeline})
    after = {"prove": "skipped", "switch": "ready"} if told else {"prove": "ready", "switch": "waiting"}
    assert j.steps(job) == {"deploy": "succeeded", **after}


def test_a_changing_job_waits_for_the_one_before_and_starts_with_its_end(j: Any) -> None:
    shop = j.project()
    first, second = j.accept(shop), j.accept(shop)
    other, check = j.accept(j.project()), j.accept(shop, j.CHECK)
    assert [j.state(one) for one in (first, second, other, check)] == ["running", "waiting", "running", "running"]
    assert j.ready(second) == []
    j.record(j.claim(first, "build_bundle"), j.FAILED)
    assert j.state(second) == "running"
    assert j.ready(second) == ["build_bundle"]


def test_a_newer_deploy_supersedes_one_that_waits(j: Any) -> None:
    shop = j.project()
    first, second, third = (j.accept(shop) for _ in range(3))
    assert [j.state(one) for one in (first, second, third)] == ["running", "superseded", "waiting"]
    assert second.result == {"superseded_by": third.pk}


def test_the_same_idempotency_key_is_the_same_job(j: Any) -> None:
    shop = j.project()
    first = j.accept(shop, idempotency_key="k")
    assert j.accept(shop, idempotency_key="k").pk == first.pk
    assert j.accept(j.project(), idempotency_key="k").pk != first.pk
    assert j.state(first) == "running"
    assert first.steps.count() == 6


def test_cancelling_ends_what_waits_and_asks_what_runs(j: Any, engine: Any) -> None:
    job = j.accept(j.project())
    claimed = j.claim(job, "build_bundle")
    assert not engine.renew(claimed, lease=15).cancel
    assert engine.cancel(job.pk, pipelines=j.PIPELINES) == engine.CancelAnswer.REQUESTED
    assert engine.renew(claimed, lease=15).cancel
    j.record(claimed, engine.Outcome(ended=engine.Ended.CANCELLED))
    assert j.state(job) == "cancelled"
    assert engine.cancel(job.pk, pipelines=j.PIPELINES) == engine.CancelAnswer.ENDED


def test_cancelling_a_waiting_job_leaves_the_running_one(j: Any, engine: Any) -> None:
    shop = j.project()
    first, second = j.accept(shop), j.accept(shop)
    assert engine.cancel(second.pk, pipelines=j.PIPELINES) == engine.CancelAnswer.CANCELLED
    assert [j.state(first), j.state(second)] == ["running", "cancelled"]


def test_after_the_commit_point_it_is_too_late_to_cancel(j: Any, engine: Any) -> None:
    job = j.accept(j.project())
    j.do(job, "build_bundle", "create_database", "bundle_upload", "switch")
    assert engine.cancel(job.pk, pipelines=j.PIPELINES) == engine.CancelAnswer.TOO_LATE
    j.do(job, "prune")
    assert j.state(job) == "succeeded"


def test_from_the_moment_the_commit_step_runs_it_is_too_late_to_cancel(j: Any, engine: Any, ringing: Any) -> None:
    job = j.accept(j.project())
    j.do(job, "build_bundle", "create_database", "bundle_upload")
    j.claim(job, "switch")
    assert engine.cancel(job.pk, pipelines=j.PIPELINES) == engine.CancelAnswer.TOO_LATE
    j.age(job, 20)
    ringing.expire(pipelines=j.PIPELINES)  # the worker died: what it had done by then nobody knows
    assert j.ready(job) == ["switch"]
    assert engine.cancel(job.pk, pipelines=j.PIPELINES) == engine.CancelAnswer.TOO_LATE


def test_a_cancelled_step_whose_worker_dies_is_not_tried_again(j: Any, engine: Any, ringing: Any) -> None:
    job = j.accept(j.project())
    j.claim(job, "build_bundle")
    assert engine.cancel(job.pk, pipelines=j.PIPELINES) == engine.CancelAnswer.REQUESTED
    j.age(job, 20)
    ringing.expire(pipelines=j.PIPELINES)
    assert j.state(job) == "cancelled"


def test_what_no_column_takes_is_recorded_in_its_place(j: Any, engine: Any) -> None:
    odd = "a\0b\ud800"
    job = j.accept(j.project())
    claimed = j.claim(job, "build_bundle")
    engine.retitle(claimed, odd)
    assert j.record(claimed, j.outcome("succeeded", result={odd: [odd, float("nan"), {"path": Path("x")}]}))
    row = job.steps.get(name="build_bundle")
    assert (row.title, row.result) == ("a\ufffdb\ufffd", {"a\ufffdb\ufffd": ["a\ufffdb\ufffd", "nan", {"path": "x"}]})
    assert j.record(j.claim(job, "bundle_upload"), j.outcome("failed", error=j.ERROR | {"sentence": odd}))
    assert j.state(job) == "failed" and job.error["sentence"] == "a\ufffdb\ufffd"


def test_a_step_to_be_tried_again_later_is_neither_rung_nor_claimed_nor_given_up_before(
    j: Any, engine: Any, ringing: Any
) -> None:
    job = j.accept(j.project())
    ringing.due_rings(again=10)
    j.age(job, 700)
    j.record(j.claim(job, "build_bundle"), j.outcome("transient", again_in=60))
    row = job.steps.get(name="build_bundle")
    assert ringing.due_rings(again=10) == []
    assert engine.claim(row.pk, row.attempt, host="build-1", pid=1, lease=15) is None
    assert ringing.lose_patience(600, pipelines=j.PIPELINES) == 0
    j.age(job, 61)
    assert [ring.attempt for ring in ringing.due_rings(again=10)] == [2]
    assert j.claim(job, "build_bundle").attempt == 2


def test_a_row_that_nobody_understands_stops_neither_leases_nor_patience_of_others(j: Any, ringing: Any) -> None:
    from dz2.models import Job

    strange, plain, lonely_stranger, lonely = (j.accept(j.project()) for _ in range(4))
    for job in (strange, plain):
        j.claim(job, "build_bundle")
        j.age(job, 20)
    for job in (lonely_stranger, lonely):
        j.age(job, 700)
    Job.objects.filter(pk__in=[strange.pk, lonely_stranger.pk]).update(kind="of another version")
    ringing.expire(pipelines=j.PIPELINES)
    assert (j.ready(plain), j.ready(strange)) == (["build_bundle"], [])
    ringing.lose_patience(600, pipelines=j.PIPELINES)
    assert (j.state(lonely), j.state(lonely_stranger)) == ("errored", "running")


def test_an_unclaimed_step_is_rung_again_with_doubled_waits(j: Any, ringing: Any) -> None:
    job = j.accept(j.project())
    for wait in (10, 20, 40):
        (ring,) = ringing.due_rings(again=10)
        assert (ring.name, ring.queue, ring.attempt) == ("build_bundle", "build", 1)
        j.age(job, wait - 2)
        assert ringing.due_rings(again=10) == []
        j.age(job, 3)
    assert len(ringing.due_rings(again=10)) == 1
    j.claim(job, "build_bundle")
    j.age(job, 10)
    assert ringing.due_rings(again=10) == []


def test_a_step_whose_role_is_silent_ends_its_job_after_the_patience(j: Any, ringing: Any) -> None:
    from django.utils.timezone import now

    from dz2.models import Host

    job = j.accept(j.project())
    j.age(job, 700)
    host = Host.objects.create(instance_id="build-1", role="build", last_heartbeat=now())
    assert ringing.lose_patience(600, pipelines=j.PIPELINES) == 0
    host.delete()
    assert ringing.lose_patience(600, pipelines=j.PIPELINES) == 1
    assert j.state(job) == "errored"
    assert job.error["id"] == "platform.no-worker"


def test_a_ready_step_wakes_who_listens(j: Any, zoomdb: str) -> None:
    with psycopg.connect(zoomdb, autocommit=True) as listener:
        listener.execute("LISTEN dz_ring")
        j.accept(j.project())
        assert [n.channel for n in listener.notifies(timeout=60, stop_after=1)] == ["dz_ring"]
