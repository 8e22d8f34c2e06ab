"""Projects: the list, a new one, and the pages of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from dz.errors import UserError
from dz.tasklib.build import giturl
from dz.tasklib.build.deploykeys import generate_key
from dz2 import formations, services, vault
from dz2.accounts import panel
from dz2.api.documents import project_document, site_url
from dz2.api.processes import process_documents
from dz2.models import Job, JobState, Project, Release, ReleaseState
from dz2.panel.pressing import posted, pressed
from dz2.panel.problems import beside, told
from dz2.panel.stream import words_of
from dz2.terminals import KIND

NEEDS_YOU = (JobState.FAILED, JobState.ERRORED)
SEARCH_FROM = 10
LATEST = 8


class Elsewhere(forms.Form):
    """Where a repository is."""

    FIELD_OF = {"repo.bad-ref": "ref"}

    target = forms.CharField(
        max_length=500,
        label="Git URL",
        help_text="https, ssh or git@host:path. Like https://github.com/you/shop",
        widget=forms.TextInput(attrs={"autocomplete": "url", "inputmode": "url", "spellcheck": "false"}),
        error_messages={"required": "Give the address of a Git repository."},
    )
    ref = forms.CharField(
        max_length=200, required=False, label="Branch, tag or commit", help_text="Empty: the repository's own choice."
    )

    def clean_target(self) -> str:
        """A project's name, which the command line takes here too, is no address."""
        target = str(self.cleaned_data["target"]).strip()
        try:
            giturl.parse(target, file_urls=panel().file_urls)
        except UserError as error:
            raise forms.ValidationError(f"{error.brief} {error.next}") from None
        return target


class New(Elsewhere):
    """One field; the others are folded."""

    FIELD_OF = Elsewhere.FIELD_OF | {"project.bad-name": "name", "project.name-taken": "name"}

    name = forms.CharField(
        max_length=40, required=False, help_text="Also the site's first address. Empty: made from the URL."
    )
    private = forms.BooleanField(
        required=False,
        label="The repository is private",
        help_text="Makes a deploy key for you to add at the Git host.",
    )


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What needs you first, then by last change."""
    every = Project.objects.filter(destroyed_at=None)
    words = words_of(request)
    rows = _rows(list(every.filter(name__icontains=words)))
    count = every.count()
    form = New()
    if not count:
        form.fields["target"].widget.attrs["autofocus"] = True
    context = {"rows": rows, "form": form, "count": count, "words": words, "search": count >= SEARCH_FROM}
    return render(request, "panel/projects.html", context)


def _rows(projects: list[Project]) -> list[dict[str, Any]]:
    jobs = {job.project_id: job for job in _latest_jobs(projects)}
    live = {one.project_id: one for one in Release.objects.filter(project__in=projects, state=ReleaseState.LIVE)}
    rows = [
        {
            "project": project,
            "live": live.get(project.pk),
            "url": site_url(project) if project.pk in live and project.deactivated_at is None else "",
            "job": jobs.get(project.pk),
            "needs": _needs(jobs.get(project.pk), live.get(project.pk)),
        }
        for project in projects
    ]
    return sorted(rows, key=lambda row: (not row["needs"], -_changed(row).timestamp()))


def _latest_jobs(projects: list[Project]) -> Iterable[Job]:
    """Without what people typed in a release: whoever did has seen how it ended."""
    rows = Job.objects.filter(project__in=projects).exclude(kind=KIND)
    return rows.order_by("project_id", "-pk").distinct("project_id")


def _needs(job: Job | None, live: Release | None) -> str:
    """What the project waits for from its owner, or ''."""
    if job is not None and job.state in NEEDS_YOU:
        return str((job.error or {}).get("sentence", "its last job went wrong"))
    if job is not None and live is None and (job.kind, job.state) == ("check_repo", JobState.SUCCEEDED):
        return "Its form waits for you."
    return ""


def _changed(row: dict[str, Any]) -> datetime:
    job: Job | None = row["job"]
    project: Project = row["project"]
    return (job.finished_at or job.created_at) if job else project.created_at


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = New(request.POST or None)
    if request.method != "POST":
        form.fields["target"].widget.attrs["autofocus"] = True
        return render(request, "panel/new.html", {"form": form})
    if form.is_valid():
        try:
            return _made(request, form.cleaned_data)
        except UserError as error:
            beside(form, New.FIELD_OF.get(error.id, "target"), error)
    return render(request, "panel/new.html", {"form": form}, status=422)


def _made(request: HttpRequest, asked: dict[str, Any]) -> HttpResponse:
    target, name, ref = asked["target"], asked["name"] or None, asked["ref"]
    if asked["private"]:
        ref = services.checked_ref(ref)
        project = services.project_of(target, name=name, ref=ref, owner=request.user)
        ensure_key(project)
        return redirect("key", name=project.name)
    job = pressed(
        request,
        lambda key: services.check(target, name=name, ref=ref, idempotency_key=key, by=request.user),
    )
    return redirect("job", job_id=job.pk)


def ensure_key(project: Project) -> None:
    """A deploy key of the project's own, made once."""
    if not project.deploy_key_public:
        private, project.deploy_key_public = generate_key()
        project.deploy_key = vault.seal(project.app_id, vault.Name.DEPLOY_KEY, private.reveal())
        project.save(update_fields=["deploy_key", "deploy_key_public"])


@login_required
@require_http_methods(["GET", "POST"])
@told
def make_key(request: HttpRequest, name: str) -> HttpResponse:
    """The public key, and where it belongs; a POST makes it."""
    project = services.find_project(name)
    if request.method == "POST":
        ensure_key(project)
        return redirect("key", name=name)
    return render(request, "panel/key.html", {"project": project, "tab": "settings"})


@login_required
@posted("project")
@told
def check(request: HttpRequest, name: str) -> HttpResponse:
    name = services.find_project(name).name
    job = pressed(request, lambda key: services.check(name, idempotency_key=key, by=request.user))
    return redirect("job", job_id=job.pk)


@login_required
@posted("project")
@told
def deploy(request: HttpRequest, name: str) -> HttpResponse:
    name = services.find_project(name).name
    job = pressed(request, lambda key: services.deploy(name, idempotency_key=key, by=request.user))
    return redirect("job", job_id=job.pk)


@login_required
@require_GET
@told
def overview(request: HttpRequest, name: str) -> HttpResponse:
    project = services.find_project(name)
    context = {
        "project": project,
        "doc": project_document(project),
        "live": project.live_release(),
        "processes": process_documents(project),
        "formation": formations.counts(project),
        "latest": project.jobs.order_by("-pk")[:LATEST],
        "row": _rows([project])[0],
        "tab": "overview",
    }
    return render(request, "panel/project.html", context)
