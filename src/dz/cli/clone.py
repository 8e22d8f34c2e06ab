"""What ``dz deploy`` means inside a Git clone: its remote and its branch. DjangoZoom's own clone is never meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dz import run
from dz.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """``unpushed``: commits of HEAD that its remote branch does not have; None where that can't be told."""

    remote: str
    branch: str
    unpushed: int | None


def here(folder: Path) -> Clone:
    """The clone that ``folder`` is in. Raises ``cli.not-a-clone``, ``cli.own-clone``."""
    _refuse_own(folder)
    branch = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or ""
    name = _git(folder, "config", "--get", f"branch.{branch}.remote") or "origin"
    remote = _git(folder, "remote", "get-url", name)
    if not remote:
        raise UserError("cli.not-a-clone", folder=folder)
    ahead = _git(folder, "rev-list", "--count", "@{upstream}..HEAD") if branch else None
    return Clone(remote=remote, branch=branch, unpushed=int(ahead) if ahead else None)


def committed(folder: Path) -> tuple[str, str]:
    """The ``file://`` address of the repository that ``folder`` is in, and its HEAD.

    Raises ``cli.not-a-clone``, ``cli.own-clone``.
    """
    top = _refuse_own(folder)
    head = _git(folder, "rev-parse", "--verify", "HEAD")
    if not top or not head:
        raise UserError("cli.not-a-clone", folder=folder)
    return f"file://{top}", _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or head


def _refuse_own(folder: Path) -> str | None:
    """The top of the clone; newcomers stand in DjangoZoom's own, which is no site."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top and Path(top, "src/dz/cli/clone.py").is_file():
        raise UserError("cli.own-clone", folder=top)
    return top


def _git(folder: Path, *words: str) -> str | None:
    """One line of git's answer; None if it has none."""
    env = {"GIT_TERMINAL_PROMPT": "0", "HOME": str(Path.home()), "LC_ALL": "C"}
    try:
        answer = run.run(["git", *words], deadline=10, cwd=folder, env=env, stderr_to=lambda _: None)
    except FileNotFoundError:
        return None
    return answer.text.strip() or None if answer.ok else None
