"""What the command that makes an administrator tells: the words are the project's own, and not trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from dz.errors import UserError

_MODEL = re.compile(r"[A-Za-z_]\w{0,80}\.[A-Za-z_]\w{0,80}", re.ASCII)
_FIXTURE = re.compile(r"\w{1,80}", re.ASCII)
MOST = 5  # fixtures that are named


def told(output: str, *keys: str) -> dict[str, Any]:
    """The command's own object, which has one of these, between whatever the project itself printed; {} for none."""
    for line in reversed(output.splitlines()):
        with suppress(ValueError, RecursionError):
            found = json.loads(line)
            if isinstance(found, dict) and any(key in found for key in keys):
                return found
    return {}


def path_of(made: Mapping[str, object]) -> str:
    """Of the project's admin: it may not lead to another host."""
    path = str(made.get("path") or "")
    return path if path.startswith("/") else ""


def none_made(project: str, told: Mapping[str, object], why: str) -> UserError:
    """``told``: the command's own object, if it printed one (``guest/dz_guest/admin.py``)."""
    if told.get("userless") is True:
        return UserError("run.no-users", name=project)
    lacks, fixtures = told.get("lacks"), told.get("fixtures")
    if not isinstance(lacks, str) or not _MODEL.fullmatch(lacks):
        return UserError("run.no-admin", name=project, why=why)
    names = [one for one in fixtures if isinstance(one, str)] if isinstance(fixtures, list) else []
    named = [one for one in names if _FIXTURE.fullmatch(one)][:MOST]
    return UserError("run.admin-lacks-row", name=project, model=lacks, fixtures=" ".join(named) or "FIXTURE")
