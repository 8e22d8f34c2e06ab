"""A hypothesis machine over the engine on a real PostgreSQL: workers, deaths and clocks in every order it can think of.

Clocks move by making the rows older. A worker is what it claimed; a dead one may wake up at any later time and try to
go on. After every step: one running changing job per project, one effect per recorded step, nothing that ended changes.
At the end everything is driven on, and every job ends.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

LEASE = 15.0
picks = st.integers(min_value=0, max_value=1000)


class Workers(RuleBasedStateMachine):
    """``held``: claims of workers that live or that only think so; ``effects``: what was recorded, by whom."""

    def __init__(self) -> None:
        super().__init__()
        from dz2 import engine, ringing
        from tests.role import jobs

        self.j, self.engine, self.ringing = jobs, engine, ringing
        self.jobs: list[Any] = []
        self.held: list[Any] = []
        self.effects: Counter[int] = Counter()
        self.ended: dict[int, str] = {}
        self.cancelled: set[int] = set()

    @initialize()
    def two_projects(self) -> None:
        self.projects = [self.j.project(), self.j.project()]

    @rule(which=st.integers(0, 1), check=st.booleans())
    def accept(self, which: int, check: bool) -> None:
        if len(self.jobs) < 6:
            self.jobs.append(self.j.accept(self.projects[which], self.j.CHECK if check else self.j.DEPLOY))

    @rule(pick=picks, stale=st.booleans())
    def a_message_arrives(self, pick: int, stale: bool) -> None:
        """For any step, ready or not, now or of an attempt that is over."""
        rows = self._rows()
        if rows:
            row = rows[pick % len(rows)]
            attempt = max(1, row.attempt - 1) if stale else row.attempt
            claimed = self.engine.claim(row.pk, attempt, host="build-1", pid=1, lease=LEASE)
            assert claimed is None or (row.state == "ready" and attempt == row.attempt)
            if claimed:
                self.held.append(claimed)

    @precondition(lambda self: self.held)
    @rule(pick=picks, ended=st.sampled_from(["succeeded", "succeeded", "succeeded", "failed", "errored", "transient"]))
    def a_worker_finishes(self, pick: int, ended: str) -> None:
        claimed = self.held.pop(pick % len(self.held))
        row = self._row(claimed)
        its_own = row.state == "running" and row.attempt == claimed.attempt
        outcome = self.engine.Outcome(ended=self.engine.Ended(ended), error=self.j.ERROR)
        kept = self.j.record(claimed, outcome)
        assert kept == its_own, "who lost the step records nothing, and who holds it is heard"
        if kept and ended == "succeeded":
            self.effects[claimed.step_id] += 1

    @precondition(lambda self: self.held)
    @rule(pick=picks)
    def a_worker_renews(self, pick: int) -> None:
        claimed = self.held[pick % len(self.held)]
        row = self._row(claimed)
        answer = self.engine.renew(claimed, lease=LEASE)
        assert answer.kept == (row.state == "running" and row.attempt == claimed.attempt)
        if answer.kept:
            assert answer.cancel == (claimed.job_id in self.cancelled)

    @rule(seconds=st.sampled_from([3.0, 16.0, 40.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        for job in self.jobs:
            self.j.age(job, seconds)

    @rule()
    def the_dispatcher_turns(self) -> None:
        self.ringing.expire(pipelines=self.j.PIPELINES)
        for ring in self.ringing.due_rings(again=10):
            assert any(r.pk == ring.step_id and r.state == "ready" for r in self._rows())

    @precondition(lambda self: self.jobs)
    @rule(pick=picks)
    def a_user_cancels(self, pick: int) -> None:
        job = self.jobs[pick % len(self.jobs)]
        answer = self.engine.cancel(job.pk, pipelines=self.j.PIPELINES)
        if answer in (self.engine.CancelAnswer.CANCELLED, self.engine.CancelAnswer.REQUESTED):
            self.cancelled.add(job.pk)

    @invariant()
    def what_ended_stays_and_one_changes_a_project(self) -> None:
        from dz2.models import Job, JobState

        terminal = JobState.terminal()
        changing: Counter[int] = Counter()
        for job in Job.objects.all():
            before = self.ended.get(job.pk)
            assert before in (None, job.state), f"job {job.pk} was {before} and is {job.state}"
            if job.state in terminal:
                self.ended[job.pk] = job.state
                assert not job.steps.filter(state__in=["waiting", "ready", "running"]).exists()
            elif job.state == "running" and job.changes:
                changing[job.project_id] += 1
            if job.state == "waiting":
                assert set(job.steps.values_list("state", flat=True)) == {"waiting"}
        assert all(count == 1 for count in changing.values())
        assert all(count == 1 for count in self.effects.values()), "a step was recorded twice"

    def teardown(self) -> None:
        """Whatever happened, a dispatcher and a worker bring every job to its end."""
        from dz2.models import Job, JobState, JobStep

        for _ in range(200):
            if not Job.objects.exclude(state__in=JobState.terminal()).exists():
                break
            self.time_passes(30.0)
            self.ringing.expire(pipelines=self.j.PIPELINES)
            for row in JobStep.objects.filter(state="ready"):
                claimed = self.engine.claim(row.pk, row.attempt, host="build-1", pid=1, lease=LEASE)
                assert claimed is not None
                self.j.record(claimed)
                self.effects[row.pk] += 1
        assert not Job.objects.exclude(state__in=JobState.terminal()).exists(), "a job never ends"
        self.what_ended_stays_and_one_changes_a_project()

    def _rows(self) -> list[Any]:
        from dz2.models import JobStep

        return list(JobStep.objects.order_by("pk"))

    def _row(self, claimed: Any) -> Any:
        from dz2.models import JobStep

        return JobStep.objects.get(pk=claimed.step_id)


def test_whatever_workers_deaths_and_clocks_do_each_step_has_one_effect_and_each_job_ends(zoomdb: str) -> None:
    from tests.postgres import empty

    class Fresh(Workers):
        def __init__(self) -> None:
            empty(zoomdb)
            super().__init__()

    run_state_machine_as_test(
        Fresh,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
