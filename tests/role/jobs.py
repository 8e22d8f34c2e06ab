"""Toy pipelines and short hands for tests of the engine on a real zoomdb. Imported after Django is set up."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from dz.tasklib.jobs import PIPELINES as ALL
from dz.tasklib.pipeline import APPSERVER, BUILD, DATABASE, PROXY, On, Pipeline, Step, Together
from dz2 import engine
from dz2.models import Job, JobStep, Project

LEASE = 15.0
_names = itertools.count(1)


def nothing(_: Any) -> None:
    """A step's work in tests that never run one."""


def step(name: str, queue: str = BUILD, **more: Any) -> Step:
    return Step(name=name, title=f"Do {name}", queue=queue, timeout=600, run=nothing, **more)


DEPLOY = Pipeline(
    "build_and_deploy",
    step("build_bundle"),
    Together(step("create_database", DATABASE), step("bundle_upload")),
    step("switch", PROXY, commits=True),
    step("retire", APPSERVER, on=On.RETIRING, may_fail=True),
    step("prune", may_fail=True),
)
CHECK = Pipeline("check_repo", step("check_repo"), changes=False)
DESTROY = Pipeline("destroy", step("undeploy", APPSERVER, on=On.LEFT), changes=False)
PIPELINES: Mapping[str, Pipeline] = {p.kind: p for p in (DEPLOY, CHECK, DESTROY)}

OK = engine.Outcome(ended=engine.Ended.SUCCEEDED)
TRANSIENT = engine.Outcome(ended=engine.Ended.TRANSIENT, again_in=0)
ERROR = {"id": "platform.unexpected", "sentence": "It broke.", "where": "", "next": "dz doctor"}
FAILED = engine.Outcome(ended=engine.Ended.FAILED, error=ERROR)


def project() -> Project:
    return Project.objects.create(name=f"shop-{next(_names)}", repo_url="https://git.example/shop")


def accept(of: Project, pipeline: Pipeline = DEPLOY, **more: Any) -> Job:
    return engine.accept(pipeline, of, {}, **more)


def steps(job: Job) -> dict[str, str]:
    return {s.name: s.state for s in JobStep.objects.filter(job=job)}


def ready(job: Job) -> list[str]:
    return [name for name, state in steps(job).items() if state == "ready"]


def claim(job: Job, name: str, host: str = "build-1") -> engine.Claimed:
    row = JobStep.objects.get(job=job, name=name)
    claimed = engine.claim(row.pk, row.attempt, host=host, pid=1, lease=LEASE)
    assert claimed is not None
    return claimed


def record(claimed: engine.Claimed, outcome: engine.Outcome = OK) -> bool:
    return engine.record(claimed, outcome, pipelines={**ALL, **PIPELINES})


def go_on(claimed: engine.Claimed, outcome: engine.Outcome = OK, *, within: float = 600) -> engine.Claimed | None:
    """As a worker does."""
    with transaction.atomic():
        assert record(claimed, outcome)
        return engine.claim_next(claimed, within=within, host="build-1", pid=1, lease=LEASE)


def outcome(ended: str, **more: Any) -> engine.Outcome:
    return engine.Outcome(ended=engine.Ended(ended), **more)


def do(job: Job, *names: str) -> None:
    """Run these steps to success."""
    for name in names:
        assert record(claim(job, name))


def state(job: Job) -> str:
    job.refresh_from_db()
    return str(job.state)


def age(job: Job, seconds: float) -> None:
    """As if ``seconds`` had passed since everything that the job's rows tell."""
    from django.db import connection

    columns = ("ready_at", "not_before", "next_ring", "lease_until", "started_at")
    moved = ", ".join(f"{c} = {c} - %(s)s * interval '1 second'" for c in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE dz2_jobstep SET {moved} WHERE job_id = %(job)s", {"s": seconds, "job": job.pk})
