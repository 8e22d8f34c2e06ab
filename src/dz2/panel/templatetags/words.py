"""Numbers, times and states as people read them; states always carry a sign, so that colour is never alone."""

from __future__ import annotations

import secrets
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dz import words
from dz2 import pushes
from dz2.models import Job, Project
from dz2.verification import LABELS

register = template.Library()
register.filter(words.certainty)
register.filter(words.share)
register.filter(words.size)

SIGNS = {
    "succeeded": "✓",
    "live": "✓",
    "ok": "✓",
    "healthy": "✓",
    "good": "✓",
    "running": "●",
    "waiting": "○",
    "ready": "○",
    "failed": "✗",
    "errored": "!",
    "silent": "!",
    "cancelled": "–",
    "superseded": "–",
    "skipped": "–",
}
KINDS = {
    "build_and_deploy": "Build and deploy",
    "check_repo": "Look into the repository",
    "destroy": "Destroy",
    "rollback": "Roll back",
    "config": "Set the variables of",
    "restart": "Restart",
    "domains": "Change the domains of",
    "managepy_command": "Run a command in",
    "scale": "Scale",
    "backup": "Back up the data of",
    "nightly_backup": "Back up the data of",
    "restore": "Restore the data of",
    "deactivate": "Deactivate",
    "activate": "Wake",
}


@register.filter
def duration(seconds: float | None) -> str:
    """As everywhere, but '' for None: a cell of a table may be empty. A number stays on the line of its unit."""
    return "" if seconds is None else words.duration(seconds).replace(" ", "\u00a0")


@register.filter
def ago(at: datetime | None) -> SafeString | str:
    """``2 min ago``, with the exact time in its ``<time>``."""
    if at is None:
        return ""
    seconds = max((timezone.now() - at).total_seconds(), 0)
    shown = ("just now" if seconds < 5 else f"{coarse(seconds)} ago").replace(" ", "\u00a0")
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}", shown)


def coarse(seconds: float) -> str:
    """One number and its unit."""
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            whole = int(seconds // unit)
            return f"{whole} {'day' if (name, whole) == ('days', 1) else name}"
    return f"{seconds:.0f} s"


@register.filter
def state(word: str) -> SafeString:
    """A state as a tag: its sign, the word, its colour."""
    shown = "waiting" if word == "ready" else word
    return format_html(
        '<span class="state state-{}"><span aria-hidden="true">{}</span> {}</span>',
        shown.replace(" ", "-"),
        SIGNS.get(word, "○"),
        shown,
    )


@register.filter
def sign(word: str) -> str:
    return SIGNS.get(word, "○")


@register.simple_tag
def once() -> SafeString:
    """The key of a form (``dz2.panel.pressing``)."""
    return format_html('<input type="hidden" name="key" value="{}">', secrets.token_urlsafe(12))


@register.filter
def kind(job: Job) -> str:
    """What a job does, as its title begins. A change of domains is one of the release, as a restart is."""
    word = "domains" if "domains" in job.job_params else job.kind
    return KINDS.get(word, word.replace("_", " ").capitalize())


@register.filter
def deed(job: Job) -> str:
    """The same where no project's name follows."""
    return kind(job).removesuffix(" of").removesuffix(" in")


@register.filter
def source(project: Project) -> str:
    """Where its code comes from, as a person knows it: not the platform's own folder of what was pushed."""
    return pushes.url(project) or project.repo_url


@register.filter
def label(field: str) -> str:
    """What the form calls a field of guesses."""
    return LABELS.get(field, field.replace("_", " ").capitalize())
