"""What is told of a job beside its steps: its warnings, and whether somebody may enter the site's admin."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tests.role.test_panel_project import release, shop

__all__ = ["shop"]


def test_what_a_job_warned_of_is_told_once_each_when_it_has_ended(shop: Any) -> None:
    from dz2.api.documents import job_document
    from dz2.models import Job

    made = Job.objects.create(project=shop, kind="build_and_deploy", state="running")
    lines = [("note", "warning", "web.2 waits"), ("line", "warning", "of a command"), ("note", "info", "all is well")]
    for number, (kind, level, text) in enumerate([*lines, lines[0]]):
        made.log.create(seq=number, at=timezone.now(), kind=kind, level=level, text=text)
    assert job_document(made)["warnings"] == []
    made.state, made.finished_at = "succeeded", timezone.now()
    assert job_document(made)["warnings"] == ["web.2 waits"]


def test_of_many_warnings_the_first_of_each_job_are_told(shop: Any) -> None:
    from dz2.api.documents import job_documents
    from dz2.models import Job

    now = timezone.now()
    made = [Job.objects.create(project=shop, kind="check_repo", state="failed", finished_at=now) for _ in range(2)]
    for job in made:
        for number in range(25):
            job.log.create(seq=number, at=now, kind="note", level="warning", text=f"{job.pk}: {number}")
    for job, document in zip(made, job_documents(made), strict=True):
        assert document["warnings"] == [f"{job.pk}: {number}" for number in range(20)]


def test_a_list_of_jobs_asks_zoomdb_as_often_as_one_of_them(shop: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from dz2.api.views import jobs
    from dz2.models import Job

    assert {job.state for job in Job.objects.filter(project=shop)} == {"succeeded"}
    with CaptureQueriesContext(connection) as one:
        assert len(jobs(None, limit=1)) == 1
    with CaptureQueriesContext(connection) as all_of_them:
        assert [job["kind"] for job in jobs(None)] == ["build_and_deploy", "check_repo"]
    assert len(all_of_them) == len(one)


def test_that_nobody_may_enter_the_admin_is_told_as_long_as_nobody_can_know_better(shop: Any) -> None:
    from dz2.api.documents import job_document
    from dz2.models import Job

    def job(kind: str, number: int | None = None, **result: Any) -> Any:
        ended: dict[str, Any] = {"state": "succeeded", "finished_at": timezone.now(), "result": result}
        made = Job.objects.create(project=shop, kind=kind, **ended)
        if number:
            release(shop, number, "live" if number == 1 else "retired")
            shop.releases.filter(number=number).update(job=made)
        return made

    first = job("build_and_deploy", 2, adminless=True)
    again = job("restart", 3, adminless=None)  # migrate was left out
    assert job_document(first)["adminless"] and job_document(again)["adminless"]
    assert not job_document(job("backup"))["adminless"], "it is said where a site went live"
    job("managepy_command")
    assert not job_document(job("restart", 4))["adminless"], "somebody may have been let in"
    assert job_document(job("config", 5, adminless=True))["adminless"]
    assert not job_document(job("restart", 6, adminless=False))["adminless"]


def test_a_step_that_is_tried_again_tells_after_what(shop: Any) -> None:
    from dz2.api.documents import job_document
    from dz2.models import Host, Job

    Host.objects.create(instance_id="build-1", role="build", last_heartbeat=timezone.now())
    made = Job.objects.create(project=shop, kind="check_repo", state="running")
    step = made.steps.create(
        position=0, name="check_repo", queue="build", timeout=60, state="ready", retries=2, ready_at=timezone.now()
    )
    assert job_document(made)["waits_for"] == "retry 2 of 5"
    step.error = {"id": "platform.busy", "sentence": "The disk is away.", "where": "", "next": ""}
    step.save()
    assert job_document(made)["waits_for"] == "retry 2 of 5 (The disk is away)"
