"""Who may ask: the API token of this machine, and the one-time link of the first administrator.

The token lies in a 0600 file of DZ_HOME that ``dz up`` makes; whoever can read it is the platform's administrator.
Links are kept as their sha256 only.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from functools import cache

from django.contrib.auth.models import AbstractUser
from django.db.models.functions import Now

from dz.settings import PanelSettings
from dz2.models import OneTimeLink

LINK_LIFE = timedelta(minutes=30)


@cache
def panel() -> PanelSettings:
    """This process's settings. Raises pydantic's ValidationError, naming what the environment lacks."""
    return PanelSettings()  # type: ignore[call-arg]  # from the environment


def is_token(given: str) -> bool:
    """Whether ``given`` is the API token; the file is read each time, so that a new one holds at once."""
    try:
        wanted = panel().token_file.read_text().strip()
    except FileNotFoundError:
        return False
    return bool(wanted) and hmac.compare_digest(_digest(given), _digest(wanted))


def admin_link() -> str:
    """The URL of a new link that makes its visitor administrator; it works once, for half an hour."""
    token = secrets.token_urlsafe(24)
    OneTimeLink.objects.create(token_sha256=_digest(token), expires_at=Now() + LINK_LIFE)
    return f"{panel().panel_url.rstrip('/')}/welcome/{token}"


def find_link(token: str) -> OneTimeLink | None:
    """The link of that token, used or old as it may be: the panel says which."""
    return OneTimeLink.objects.filter(token_sha256=_digest(token)).first()


def use_link(token: str, user: AbstractUser) -> bool:
    """Consume it for ``user``; False if it is unknown, used or old. One statement, so that it works once."""
    links = OneTimeLink.objects.filter(token_sha256=_digest(token), used_at=None, expires_at__gt=Now())
    return bool(links.update(used_at=Now(), used_by=user))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
