"""What who takes pushes and who builds them agree on: the address of a project's repository, and the refs under which a
pushed commit is kept for its deploy, before git moves the branch. Pure.

Such a ref names when it was pushed, the commit, and the one that the branch had. From them the builder learns that a
branch is behind what is live: its push was ended before its deploy was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dz.names import AppId, Commit

FOLDER = "refs/dz"
_NAME = re.compile(rf"{FOLDER}/([0-9]{{20}})-({Commit.pattern.pattern})-({Commit.pattern.pattern})")


def address(folder: Path, app_id: str) -> str:
    """By the app id: a name may belong to another project one day. Raises ValueError for what is none."""
    return f"file://{folder}/{AppId(app_id)}.git"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Staged:
    """``when``: nanoseconds since 1970; ``over``: what the branch had, zeros for nothing."""

    when: int
    commit: str
    over: str

    @property
    def ref(self) -> str:
        return f"{FOLDER}/{self.when:020d}-{self.commit}-{self.over}"


def newest_first(refs: Iterable[str]) -> list[Staged]:
    found = (_NAME.fullmatch(ref) for ref in refs)
    told = (Staged(when=int(one[1]), commit=one[2], over=one[3]) for one in found if one)
    return sorted(told, reverse=True)


def is_behind(refs: Iterable[str], *, branch: str, live: str) -> bool:
    """Whether the live commit was pushed over the one that the branch still has, after that one was pushed itself: else
    it is a rollback that made it live."""
    for one in newest_first(refs):
        if one.commit == branch:
            return False
        if (one.commit, one.over) == (live, branch):
            return True
    return False
