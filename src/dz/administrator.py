"""What is told of an administrator that a project did not make: the words are the project's own, and not trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dz.errors import UserError

_MODEL = re.compile(r"[A-Za-z_]\w{0,80}\.[A-Za-z_]\w{0,80}", re.ASCII)
_FIXTURE = re.compile(r"\w{1,80}", re.ASCII)
MOST = 5  # fixtures that are named


def none_made(project: str, told: Mapping[str, object], why: str) -> UserError:
    """``told``: the command's own object, if it printed one (``guest/dz_guest/admin.py``)."""
    lacks, fixtures = told.get("lacks"), told.get("fixtures")
    if not isinstance(lacks, str) or not _MODEL.fullmatch(lacks):
        return UserError("run.no-admin", name=project, why=why)
    names = [one for one in fixtures if isinstance(one, str)] if isinstance(fixtures, list) else []
    named = [one for one in names if _FIXTURE.fullmatch(one)][:MOST]
    return UserError("run.admin-lacks-row", name=project, model=lacks, fixtures=" ".join(named) or "FIXTURE")
