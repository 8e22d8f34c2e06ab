"""How long a host was not heard, and whether that is too long to count on it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from dz2.accounts import panel


def silent_for(at: datetime | None) -> float | None:
    """Seconds since that heartbeat."""
    return round((timezone.now() - at).total_seconds(), 1) if at else None


def is_silent(seconds: float | None) -> bool:
    """Whether a host that was heard so long ago is not counted on."""
    return seconds is None or seconds > panel().silent_after
