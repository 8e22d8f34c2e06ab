"""Links that work once, for half an hour: whoever opens one becomes an administrator, of the platform or of a project.

Only the digest of a link's token is kept. The token of the one kind is nothing to the other.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db.models.functions import Now

from dz2.accounts import panel
from dz2.models import OneTimeLink, Project

LIFE = timedelta(minutes=30)


def make(project: Project | None = None) -> tuple[str, OneTimeLink]:
    """A new link to the project's admin, or to the platform itself, and its URL."""
    path = "administrator" if project else "welcome"  # as in dz2/panel/urls.py
    token = secrets.token_urlsafe(24)
    made = OneTimeLink.objects.create(token_sha256=_digest(token), project=project, expires_at=Now() + LIFE)
    made.refresh_from_db()
    return f"{panel().panel_url.rstrip('/')}/{path}/{token}", made


def find(token: str, *, to_project: bool) -> OneTimeLink | None:
    """The link of that token, used or old as it may be: the panel says which."""
    links = OneTimeLink.objects.select_related("project").filter(project__isnull=not to_project)
    return links.filter(token_sha256=_digest(token)).first()


def use(link: OneTimeLink) -> bool:
    """False if it is used or old by now. One statement, so that it works once."""
    return bool(OneTimeLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=Now()).update(used_at=Now()))


def give_back(link: OneTimeLink) -> None:
    """Its use came to nothing."""
    OneTimeLink.objects.filter(pk=link.pk).update(used_at=None)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
