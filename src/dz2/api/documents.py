"""The JSON documents of the API. Scripts rely on them: keys are only ever added.

Times are RFC 3339 in UTC; ``error`` is one sentence, with ``error_id``, ``where`` and ``next`` beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from dz.tasklib import buildconfig
from dz2 import backups, configs
from dz2.accounts import panel
from dz2.api import jobfacts
from dz2.api.jobfacts import Facts
from dz2.api.waiting import later_variables, missing_variables, usual_seconds, waits_for
from dz2.models import (
    AppServerDeployment,
    ConfigGuess,
    Job,
    JobLog,
    JobState,
    JobStep,
    Project,
    VirtualHostname,
)
from dz2.services import never_read
from dz2.terminals import KIND
from dz2.verification import rows


def job_document(job: Job) -> dict[str, Any]:
    """A job whole: its steps, how it went wrong, what it made, and what is live meanwhile."""
    return job_documents([job])[0]


def job_documents(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """In their order. Jobs that have ended cost no query each."""
    return [_job_document(job, facts) for job, facts in zip(jobs, jobfacts.of(jobs), strict=True)]


def _job_document(job: Job, facts: Facts) -> dict[str, Any]:
    release, error, usual = facts.release, job.error or {}, usual_seconds(job)
    url = url_of(facts.given) if facts.given else ""
    went_live = job.state == JobState.SUCCEEDED and release is not None and release.live_at is not None
    ref = (release.branch if release else job.result.get("branch")) or job.job_params.get("ref", "")
    commit = release.commit if release else job.result.get("commit")
    return {
        "job": job.pk,
        "kind": job.kind,
        "project": job.project.name if job.project else None,
        "state": job.state,
        "url": url if went_live else None,
        "seconds": _seconds(job.created_at, job.finished_at),
        "error": error.get("sentence"),
        "error_id": error.get("id"),
        "where": error.get("where") or None,
        "next": error.get("next") or None,
        "release": release.number if release else None,
        "same_as": job.result.get("same_as"),
        "ref": "" if ref == commit else ref,  # a pushed commit is no branch
        "commit": commit,
        "subject": release.subject if release else job.result.get("subject"),
        "page": f"{panel().panel_url.rstrip('/')}/jobs/{job.pk}",
        "live": {"release": facts.running.number, "url": url} if facts.running else None,
        "waits_for": waits_for(job),
        "lines": job.next_seq - 1,
        "code": _exit_code(job, error),
        "adminless": went_live and facts.adminless,
        "warnings": facts.warnings,
        "created_at": time_text(job.created_at),
        "started_at": time_text(job.started_at),
        "finished_at": time_text(job.finished_at),
        "steps": [_step(step, usual.get(step.name)) for step in facts.steps],
        "deployments": [deployment_document(row) for row in facts.deployments],
    }


def _exit_code(job: Job, error: dict[str, Any]) -> int | None:
    """Of a command that a person ran and that came to its end."""
    found = job.result.get("code", (error.get("facts") or {}).get("code"))
    return int(found) if job.kind == KIND and found is not None else None


def check_document(job: Job) -> dict[str, Any]:
    """What ``check_repo`` found, every guess with its basis, and what needs a person, as the panel's form has it."""
    guesses = list(ConfigGuess.objects.filter(job=job))
    return job_document(job) | {
        "guesses": [guess_document(guess) for guess in guesses],
        "missing": missing_variables(job.project, guesses) if job.project else [],
        "later": later_variables(job.project, guesses) if job.project else [],
        "to_choose": _to_choose(job.project, guesses) if job.project else [],
        "instead_of": job.job_params.get("instead_of"),
        "earlier": _earlier(job.project) if job.project else None,
        "never_read": job.state == JobState.FAILED and job.project is not None and never_read(job.project),
        "form": f"{panel().panel_url.rstrip('/')}/projects/{job.project.name}/form" if job.project else None,
    }


def _earlier(project: Project) -> dict[str, Any] | None:
    """What a destroyed project of that name left, for one that is new."""
    found = None if project.releases.exists() else backups.of_an_earlier(project)
    return {"backup": found.number, "created_at": time_text(found.created_at)} if found is not None else None


def _to_choose(project: Project, guesses: list[ConfigGuess]) -> list[str]:
    """The fields with several candidates, none of them certain."""
    config = buildconfig.parse(project.build_config)
    return [row.name for row in rows(guesses, config, project.confirmed) if row.asked]


def guess_document(guess: ConfigGuess) -> dict[str, Any]:
    basis = {
        "file": guess.basis_file,
        "line": guess.basis_line,
        "excerpt": guess.basis_excerpt,
        "why": guess.basis_why,
    }
    return {
        "field": guess.field,
        "value": guess.value,
        "basis": basis,
        "confidence": guess.confidence,
        "is_primary": guess.is_primary,
    }


def project_document(project: Project) -> dict[str, Any]:
    """A project: what is live, since when, and its latest job."""
    live = project.live_release()
    state = "deactivated" if project.deactivated_at else "live" if live else "not deployed yet"
    job = project.jobs.order_by("-pk").first()
    config = configs.latest(project)
    return {
        "name": project.name,
        "app_id": str(project.app_id),
        "repo_url": project.repo_url,
        "ref": project.ref,
        "title": project.title,
        "state": state,
        "url": site_url(project) if state == "live" else None,
        "release": live.number if live else None,
        "commit": live.commit if live else None,
        "subject": live.subject if live else None,
        "live_at": time_text(live.live_at) if live else None,
        "checked": project.guesses.exists(),
        "config": config.version if config else None,
        "variables": config.names if config else [],
        "job": {"job": job.pk, "kind": job.kind, "state": job.state} if job else None,
    }


def log_document(line: JobLog) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "at": time_text(line.at),
        "step": line.step,
        "kind": line.kind,
        "level": line.level,
        "part": line.part,
        "seconds": line.seconds,
        "text": line.text,
    }


def site_url(project: Project) -> str:
    """Where the site answers: its given hostname, with the panel's scheme and port."""
    host = project.given_hostname()
    return url_of(host) if host else ""


def url_of(host: VirtualHostname) -> str:
    panel_url = urlsplit(panel().panel_url)
    port = f":{panel_url.port}" if panel_url.port else ""
    return f"{'https' if host.tls else panel_url.scheme}://{host.hostname}{port}/"


def _step(step: JobStep, usual: float | None) -> dict[str, Any]:
    return {
        "name": step.name,
        "title": step.title,
        "queue": step.queue,
        "host": step.host or None,
        "pid": step.pid,
        "state": step.state,
        "seconds": _seconds(step.started_at, step.finished_at),
        "usual": usual,
        "attempt": step.attempt,
        "retries": step.retries,
    }


def deployment_document(row: AppServerDeployment) -> dict[str, Any]:
    host = row.appserver.host.instance_id
    return {"host": host, "address": row.address, "port": row.port, "instance_id": host}


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Between two times, or until now; None for what has not begun."""
    return round(((end or timezone.now()) - start).total_seconds(), 1) if start else None


def time_text(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
