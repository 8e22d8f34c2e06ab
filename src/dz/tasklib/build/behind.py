"""A project that is deployed from what is pushed to it, whose branch is behind what is live.

Git moves the branch when a push has ended well; where the push was ended before its deploy was, that goes live all the
same. To deploy the branch then would put the older commit live without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dz import pushed
from dz.errors import UserError
from dz.run import check
from dz.tasklib.build import git
from dz.tasklib.build.githome import GitHome
from dz.tasklib.context import Context
from dz.tasklib.records import Project


def caught_up(ctx: Context, project: Project, branch: git.Resolved, work: Path) -> git.Resolved:
    """The live commit where the branch is behind it, and it is said; else what the branch is."""
    if not is_pushed_to(ctx, project):
        return branch
    built = ctx.door.live_build()
    if built is None or (live := built[0].commit) == branch.commit:
        return branch
    if not pushed.is_behind(_staged(ctx, project.repo_url, work), branch=branch.commit, live=live):
        return branch
    ctx.log.note(
        f"{branch.branch} is still {branch.commit[:7]}: the push of {live[:7]}, which is live, was ended before it "
        "moved it. What is live is deployed again; push it once more to move the branch",
        level="warning",
    )
    return replace(branch, commit=live)


@contextmanager
def told_by_name(ctx: Context, project: Project) -> Iterator[None]:
    """An error of a repository that is pushed to names the project: its folder is ours, and nothing to type."""
    try:
        yield
    except UserError as error:
        if not is_pushed_to(ctx, project):
            raise
        facts = {key: str(fact).replace(project.repo_url, project.name) for key, fact in error.facts.items()}
        raise UserError(error.id, where=error.where, **facts) from error


def is_pushed_to(ctx: Context, project: Project) -> bool:
    """Whether its source is a repository of the platform's own."""
    folder = ctx.settings.push_folder
    return folder is not None and project.repo_url == pushed.address(folder, project.app_id)


def _staged(ctx: Context, url: str, work: Path) -> list[str]:
    """Names of refs. Raises CommandFailed, DeadlinePassed, Cancelled."""
    words = ["git", "ls-remote", "--refs", "--", url, f"{pushed.FOLDER}/*"]
    with GitHome(work, key=None, file_urls=True) as home:
        told = check(
            words,
            env=home.environment(),
            cwd=home.folder,
            deadline=ctx.left(),
            cancelled=ctx.stop,
            stderr_to=home.said.extend,
        )
    return told.text.split()[1::2]
