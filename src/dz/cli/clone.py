"""What ``dz deploy`` means inside a Git clone: its remote and branch, or ``.`` its committed HEAD, and what of the work
there is left out. DjangoZoom's own clone is never meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dz import run
from dz.errors import UserError
from dz.names import ProjectName

OURS = "dz.cli.credential"  # in the helper that dz git writes
_PUSHES = re.compile(r"/git/([a-z0-9-]+)\.git$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """``remote``: where it was cloned from; "" for nowhere. ``ref``: the branch, or the commit of a detached HEAD.
    ``unpushed``: commits of HEAD that its remote branch does not have, or, of a folder deployed as it is and where it
    follows none, no branch of the remote. ``uncommitted``: files that differ from HEAD."""

    address: str
    remote: str
    ref: str
    unpushed: int
    uncommitted: int

    def left_out(self, *, pushed_only: bool) -> list[str]:
        """What of the work here is not deployed, as sentences; or deployed without being pushed."""
        told = []
        if self.unpushed:
            goes = "" if pushed_only else "; taken all the same"
            told.append(f"{self.unpushed} {'commit is' if self.unpushed == 1 else 'commits are'} not pushed{goes}.")
        if self.uncommitted:
            files = "1 file has" if self.uncommitted == 1 else f"{self.uncommitted} files have"
            told.append(f"{files} changes that are not committed; they are left out.")
        return told


def here(folder: Path) -> Clone:
    """The clone that ``folder`` is in. Raises UserError cli.not-a-clone, .pushed, .no-commit or .own-clone."""
    refuse_own(folder)
    remote = _remote_url(folder)
    if remote:
        return _clone(folder, remote, upstream="@{upstream}")
    if not _head(folder):
        raise UserError("cli.no-commit", folder=folder.resolve())
    pushes, name = pushed(folder)
    if name:
        raise UserError("cli.pushed", folder=folder.resolve(), name=name, remote=pushes)
    raise UserError("cli.not-a-clone", folder=folder.resolve(), name=_named(folder.resolve().name))


def _named(folder: str) -> str:
    """A project's name from a folder's, NAME where that makes none."""
    try:
        return ProjectName(folder.lower().replace("_", "-"))
    except ValueError:
        return "NAME"


def committed(folder: Path) -> Clone:
    """The repository that ``folder`` is in, by its ``file://`` address. Raises ``cli.no-commit``, ``cli.own-clone``."""
    top = refuse_own(folder)
    if not top or not _head(folder):
        raise UserError("cli.no-commit", folder=folder.resolve())
    return _clone(folder, f"file://{top}")


def _clone(folder: Path, address: str, *, upstream: str = "") -> Clone:
    changed = git(folder, "status", "--porcelain", "--no-renames") or ""
    return Clone(
        address=address,
        remote=_remote_url(folder),
        ref=branch(folder) or _head(folder),
        unpushed=_unpushed(folder, upstream),
        uncommitted=len(changed.splitlines()),
    )


def _unpushed(folder: Path, upstream: str) -> int:
    """0 in a repository without a remote too: there is nowhere to push to."""
    if not _remote_url(folder):
        return 0
    ahead = git(folder, "rev-list", "--count", f"{upstream}..HEAD") if upstream else None
    pushed = f"--remotes={_remote_of(folder)}"
    return int(ahead or git(folder, "rev-list", "--count", "HEAD", "--not", pushed) or 0)


def _remote_of(folder: Path) -> str:
    return git(folder, "config", "--get", f"branch.{branch(folder)}.remote") or "origin"


def _remote_url(folder: Path) -> str:
    url = git(folder, "remote", "get-url", _remote_of(folder)) or ""
    return f"file://{url}" if url.startswith("/") else url


def pushed(folder: Path) -> tuple[str, str]:
    """The first remote whose password ``dz`` tells, as ``dz git`` wrote it there, and the project of its address."""
    for line in (git(folder, "config", "--get-regexp", r"^remote\..*\.url$") or "").splitlines():
        key, _, url = line.partition(" ")
        name = _PUSHES.search(url)
        if name and OURS in (git(folder, "config", "--get-urlmatch", "credential.helper", url) or ""):
            return key.removeprefix("remote.").removesuffix(".url"), name[1]
    return "", ""


def branch(folder: Path) -> str:
    """The one that is checked out; "" for a commit."""
    return git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or ""


def _head(folder: Path) -> str:
    return git(folder, "rev-parse", "--verify", "--quiet", "HEAD") or ""


def refuse_own(folder: Path) -> str | None:
    """The top of the clone, None outside of one; newcomers stand in DjangoZoom's own, which is no site."""
    top = git(folder, "rev-parse", "--show-toplevel")
    if top and Path(top, "src/dz/cli/clone.py").is_file():
        raise UserError("cli.own-clone", folder=top)
    return top


def git(folder: Path, *words: str) -> str | None:
    """Git's answer; None if it has none, or fails."""
    found = _ran(folder, *words)
    return found.text.strip() or None if found and found.ok else None


def done(folder: Path, *words: str) -> bool:
    """Whether git did it."""
    found = _ran(folder, *words)
    return found is not None and found.ok


def _ran(folder: Path, *words: str) -> run.Finished | None:
    env = {"GIT_TERMINAL_PROMPT": "0", "HOME": str(Path.home()), "LC_ALL": "C"}
    try:
        return run.run(["git", *words], deadline=10, cwd=folder, env=env, stderr_to=lambda _: None)
    except FileNotFoundError:
        return None
