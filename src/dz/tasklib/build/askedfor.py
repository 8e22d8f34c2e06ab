"""The line of a project's files that asks for what can't be had, for the error that says so.

The files are read inside the sandbox, as everything of a project is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dz.errors import UserError
from dz.plain import plain
from dz.tasklib.build.bench import Bench

_SPECIAL = re.compile(r"[][.+?*(){}|^$\\]")


def placed(bench: Bench, files: Sequence[str], error: UserError) -> UserError:
    """The same error with ``file:line`` of the first line that names the package or repository, if one does."""
    pattern = _pattern(error)
    if error.where or not files or not pattern:
        return error
    finished, _ = bench.inside(["grep", "-HniE", "-m1", "--", pattern, *files], cwd=bench.source)
    line = re.match(r"([^:\n]+:[0-9]+):([^\n]*)", plain(finished.text))
    return UserError(error.id, where=f"{line[1]}  {line[2].strip()[:200]}", **error.facts) if line else error


def _pattern(error: UserError) -> str:
    """For grep -E, "" where the error names nothing that a line could."""
    if error.id == "build.git-requirement":
        address = re.search(r"(?:https?|ssh|git)://[^\s'\"@]+?(?=\.git\b|/?['\"\s]|$)", str(error.facts["reason"]))
        return _SPECIAL.sub(r"\\\g<0>", address[0]) if address else ""
    named = re.match(r"[A-Za-z0-9._-]+", str(error.facts.get("package") or error.facts.get("wanted") or ""))
    return f"(^|[\"'[:space:]]){re.sub('[-_.]+', '[-_.]+', named[0])}([^A-Za-z0-9._-]|$)" if named else ""
