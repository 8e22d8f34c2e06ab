"""Another address instead of one that could never be read: what was mistyped leaves no empty project behind."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from dz.tasklib.build import giturl
from dz2 import services, vault
from dz2.accounts import panel
from dz2.models import Job, JobState, Project


def offered(job: Job) -> bool:
    """Whether the job was a first look that came to nothing, and nothing else was done with its project since."""
    failed = job.kind == "check_repo" and job.state == JobState.FAILED
    return failed and job.project is not None and _is_empty(job.project)


def look(mistyped: Project, target: str, *, ref: str = "", idempotency_key: str | None = None, by: Any = None) -> Job:
    """Look into ``target`` as for a new project; the one that was made of the mistyped address goes, where it is empty.
    It hands on a name that a person chose, and its deploy key. Raises UserError."""
    with transaction.atomic():
        before = Project.objects.select_for_update().get(pk=mistyped.pk)
        name = _chosen_name(before)
        if before.destroyed_at is None:
            url = giturl.parse(target, file_urls=panel().file_urls)
            if url.text == before.repo_url:
                name = before.name
            elif _is_empty(before):
                _forget(before)
        job = services.check(target, name=name or None, ref=ref, idempotency_key=idempotency_key, by=by)
        if job.project is not None and job.project != before:
            _hand_on_key(before, job.project)
    return job


def _is_empty(project: Project) -> bool:
    return project.destroyed_at is None and services.never_read(project, keyed=True)


def _chosen_name(project: Project) -> str:
    """Its name, unless that was made from its address."""
    made = re.escape(giturl.parse(project.repo_url, file_urls=True).project_name())
    return "" if re.fullmatch(rf"{made}(-[0-9]+)?", project.name) else project.name


def _forget(project: Project) -> None:
    """At once: no host but the one that looked has anything of it, and that one's reconcile clears it away."""
    project.hostnames.all().delete()
    Project.objects.filter(pk=project.pk).update(destroying_at=Now(), destroyed_at=Now())


def _hand_on_key(before: Project, project: Project) -> None:
    """It may be at the Git host already."""
    if before.deploy_key is None or project.deploy_key is not None or not before.deploy_key_public:
        return
    private = vault.unseal(before.app_id, vault.Name.DEPLOY_KEY, before.deploy_key)
    project.deploy_key = vault.seal(project.app_id, vault.Name.DEPLOY_KEY, private.reveal())
    project.deploy_key_public = before.deploy_key_public
    project.save(update_fields=["deploy_key", "deploy_key_public"])
    Project.objects.filter(pk=before.pk, destroyed_at__isnull=False).update(deploy_key=None)
