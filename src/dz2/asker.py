"""Who asks for an act: a user of the panel, or a word for whoever else does (``dz``, ``the platform``).

Every act takes it as ``by``; a job keeps both, so that a name is left when its user is gone.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

DZ = "dz"  # the command line, and whoever else has the token
LONGEST = 200


def user_of(by: Any) -> Any:
    """The user, or None for a word."""
    return by if isinstance(by, get_user_model()) else None


def name_of(by: Any) -> str:
    """As trails have it: an e-mail address, or the word."""
    return str(by or "")[:LONGEST]
