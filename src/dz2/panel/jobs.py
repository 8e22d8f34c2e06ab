"""Jobs: the list, and the page of one with its steps, its live log and, when it went wrong, the way on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dz.errors import UserError
from dz.words import kept
from dz2 import backups, configs, instead, resting, services
from dz2.api.documents import job_document
from dz2.models import Backup, ConfigGuess, Job, JobLog, JobState, LogKind, StepState
from dz2.panel.lines import PAGE, PARTS, Fold, Reader
from dz2.panel.pressing import posted, pressed
from dz2.panel.problems import beside, told
from dz2.panel.projects import Elsewhere
from dz2.panel.stream import after_of, words_of

PER_PAGE = 50
VARIABLE = "settings.variable-missing"
PRIVATE = ("repo.not-found",)
AGAIN = ("build_and_deploy", "check_repo", "destroy")  # kinds of which the panel can ask for the same once more
FOUND = 100  # lines that a search names
AROUND = 500  # lines after one that is shown among earlier ones


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    rows = Job.objects.select_related("project").order_by("-pk")
    if before := after_of(request, "before"):
        rows = rows.filter(pk__lt=before)
    shown = list(rows[: PER_PAGE + 1])
    context = {"jobs": shown[:PER_PAGE], "older": shown[PER_PAGE - 1].pk if len(shown) > PER_PAGE else None}
    return render(request, "panel/jobs.html", context)


@login_required
@require_GET
@told
def page(request: HttpRequest, job_id: int) -> HttpResponse:
    job = services.find_job(job_id)
    return render(request, "panel/job.html", _context(job) | _log(request, job))


@login_required
@require_GET
@told
def live(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of the page that changes with the job's state."""
    return render(request, "panel/_job_live.html", _context(services.find_job(job_id)))


@login_required
@require_GET
@told
def download(request: HttpRequest, job_id: int) -> HttpResponseBase:
    """The whole log as text, times in UTC."""
    job = services.find_job(job_id)
    answer = StreamingHttpResponse(_as_text(job), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="job-{job.pk}.log"'
    return answer


@login_required
@posted("job")
@told
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    services.cancel(job_id)
    return redirect("job", job_id=job_id)


@login_required
@posted("job")
@told
def again(request: HttpRequest, job_id: int) -> HttpResponse:
    """The same once more; a value that the job lacked is set first."""
    job = services.find_job(job_id)
    if not _can_run_again(job):
        return redirect("job", job_id=job_id)
    variable, value = _missing(job), request.POST.get("value", "")
    if variable and "value" in request.POST:
        if not value:
            context = _context(job) | _log(request, job) | {"value_error": f"{variable} has no value yet."}
            return render(request, "panel/job.html", context, status=422)
        assert job.project is not None  # it can run again
        configs.change(job.project, {variable: value}, by=request.user)
    return redirect("job", job_id=pressed(request, lambda key: _again(job, key, request.user)).pk)


@login_required
@posted("job")
@told
def elsewhere(request: HttpRequest, job_id: int) -> HttpResponse:
    """Another address, for a first look that came to nothing."""
    job = services.find_job(job_id)
    form = Elsewhere(request.POST)
    if job.kind != "check_repo" or job.project is None:
        return redirect("job", job_id=job_id)
    mistyped = job.project
    if form.is_valid():
        asked = form.cleaned_data
        try:
            found = pressed(
                request,
                lambda key: instead.look(
                    mistyped, asked["target"], ref=asked["ref"], idempotency_key=key, by=request.user
                ),
            )
            return redirect("job", job_id=found.pk)
        except UserError as error:
            beside(form, Elsewhere.FIELD_OF.get(error.id, "target"), error)
    context = _context(job) | _log(request, job) | {"elsewhere": form, "wrong": True}
    return render(request, "panel/job.html", context, status=422)


def _again(job: Job, key: str | None, by: Any) -> Job:
    assert job.project is not None
    name, ref = job.project.name, str(job.job_params.get("ref", ""))
    if job.kind == "check_repo":
        return services.check(name, ref=ref, idempotency_key=key, by=by)
    if job.kind == "destroy":
        return services.destroy(name, by=by)
    if job.kind == "deactivate":
        return resting.deactivate(job.project, by=by, idempotency_key=key)
    return services.deploy(name, ref=ref, idempotency_key=key, by=by)


def _context(job: Job) -> dict[str, Any]:
    job = Job.objects.select_related("project", "requested_by").get(pk=job.pk)
    error, document = job.error or {}, job_document(job)
    again = _can_run_again(job)
    return {
        "job": job,
        "doc": document,
        "kept": kept(document["steps"]),
        "steps": _steps(job, document["steps"]),
        "error": error,
        "ended": job.state in JobState.terminal(),
        "can_run_again": again,
        "missing": _missing(job) if again else "",
        "elsewhere": Elsewhere(initial=_looked_for(job)) if instead.offered(job) else None,
        "private": error.get("id") in PRIVATE,
        "guesses": list(ConfigGuess.objects.filter(job=job, is_primary=True)) if job.kind == "check_repo" else [],
        "cause": _cause(job),
        "left": _left(job),
    }


def _looked_for(job: Job) -> dict[str, str]:
    assert job.project is not None
    return {"target": job.project.repo_url, "ref": job.job_params.get("ref", "")}


def _left(job: Job) -> Backup | None:
    """The last backup of the project that the job destroyed, while it stays and is reached by its name."""
    gone = job.project if job.kind == "destroy" and job.state == JobState.SUCCEEDED else None
    named = gone is not None and backups.named(gone.name)
    return backups.listed(gone).first() if gone is not None and named == gone else None


def _cause(job: Job) -> dict[str, Any]:
    """Where the log says why the job went wrong: its last line that tells of an error, and the way to it."""
    if job.state not in (JobState.FAILED, JobState.ERRORED):
        return {}
    last = JobLog.objects.filter(job=job, level="error").order_by("-seq").values_list("seq", flat=True).first()
    if last is None:
        return {}
    before = f"?before={last + AROUND}" if last < job.next_seq - PAGE else ""
    return {"line": last, "address": f"{reverse('job', args=[job.pk])}{before}#L{last}"}


def _steps(job: Job, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps, those that run with the parts that they have begun."""
    running = {step.name: step.started_at for step in job.steps.filter(state=StepState.RUNNING)}
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in running}
    for row in JobLog.objects.filter(job=job, step__in=running, kind__in=PARTS).order_by("seq"):
        if (since := running[row.step]) and row.at < since:
            continue  # of an attempt before this one
        if row.kind == LogKind.PART_BEGIN:
            passed = max((timezone.now() - row.at).total_seconds(), 0)
            parts[row.step].append({"title": row.text, "state": "running", "seconds": passed})
        elif parts[row.step]:
            ended = "failed" if row.level == "error" else "succeeded"
            parts[row.step][-1] |= {"state": ended, "seconds": row.seconds}
    return [step | {"parts": parts.get(step["name"], [])} for step in documents]


def _can_run_again(job: Job) -> bool:
    if job.project is None or job.project.destroyed_at is not None:
        return False
    return (job.kind in AGAIN and job.state in JobState.terminal()) or resting.half_done(job.project) == job


def _missing(job: Job) -> str:
    """The variable without which the job failed."""
    error = job.error or {}
    return str(error.get("facts", {}).get("variable", "")) if error.get("id") == VARIABLE else ""


def _log(request: HttpRequest, job: Job) -> dict[str, Any]:
    """The last lines, or those up to ``before``; those that a search finds."""
    earlier, words = after_of(request, "before"), words_of(request)
    rows = JobLog.objects.filter(job=job)
    if earlier:
        rows = rows.filter(seq__lt=earlier)
    shown = list(reversed(rows.order_by("-seq")[:PAGE]))
    first, last = (shown[0].seq, shown[-1].seq) if shown else (1, 0)
    found = JobLog.objects.filter(job=job, text__icontains=words).order_by("seq") if words else JobLog.objects.none()
    return {
        "folds": Reader(job).folds(shown),
        "empty_fold": Fold("", "", ""),  # which the script copies
        "after": last,
        "first": first,
        "earlier": first - 1,
        "follows": not earlier,
        "words": words,
        "found": list(found[:FOUND]),
        "found_count": found.count(),
    }


def _as_text(job: Job) -> Iterator[str]:
    for row in JobLog.objects.filter(job=job).order_by("seq").iterator(chunk_size=PAGE):
        yield f"{row.at:%Y-%m-%dT%H:%M:%S.%f}Z {row.step} {row.text}\n"
