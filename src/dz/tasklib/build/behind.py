"""A project that is deployed from what is pushed to it, whose branch is behind what is live.

Git moves the branch when a push has ended well; where the push was ended before its deploy was, that goes live all the
same. To deploy the branch then would put the older commit live without a word.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dz import pushed
from dz.run import check
from dz.tasklib.build import git
from dz.tasklib.build.githome import GitHome
from dz.tasklib.context import Context
from dz.tasklib.records import Project


def caught_up(ctx: Context, project: Project, branch: git.Resolved, work: Path) -> git.Resolved:
    """The live commit where the branch is behind it, and it is said; else what the branch is."""
    folder = ctx.settings.push_folder
    if folder is None or project.repo_url != pushed.address(folder, project.app_id):
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
