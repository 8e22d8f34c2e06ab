"""What every page has around it: the one banner, and who looks."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import HttpRequest

from dz2.api.silence import is_silent, silent_for
from dz2.models import Host, Job, JobState

ROLES = ("build", "appserver", "proxy", "database")


def frame(request: HttpRequest) -> dict[str, Any]:
    """A context processor; costs nothing where nobody is signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "htmx", False):
        return {}
    return {"banner": banner(), "me": user.first_name or user.get_username()}


def banner() -> str:
    """The one thing that holds everything up, or ''."""
    latest = dict(Host.objects.values_list("role").annotate(Max("last_heartbeat")))
    silent = [role for role in ROLES if is_silent(silent_for(latest.get(role)))]
    if not silent or not Job.objects.filter(state__in=[JobState.WAITING, JobState.RUNNING]).exists():
        return ""
    seconds = silent_for(latest.get(silent[0]))
    since = f"for {seconds:.0f} s" if seconds is not None else "yet"
    return f"No {silent[0]} host has reported {since}. Jobs are accepted and start by themselves."
