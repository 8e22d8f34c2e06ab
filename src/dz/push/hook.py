"""What becomes of one pushed ref: git's ``update`` hook, whose exit code says whether the branch moves.

The project's branch is deployed: the job is the platform's from the moment it is accepted, what it says is the push's
own answer, and unless it ends with a live site the branch stays where it was. The commit is kept under a ref of ours
first, so that the build has it whatever becomes of the push. Any other branch or tag is kept, and nothing is deployed.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dz.cli import deploying
from dz.cli.client import Api, Refused, Told, Unreachable
from dz.cli.ending import BY_STATE, DONE, tell
from dz.cli.following import follow
from dz.cli.reports import tell_ended
from dz.cli.screen import Screen
from dz.cli.where import Server
from dz.errors import UserError
from dz.push import repository

HEADS = "refs/heads/"
KEPT_KINDS = (HEADS, "refs/tags/", "refs/notes/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One ref of a push. ``branch``: the one that the project is deployed from. ``lock``: the repository's file for it,
    open in git too, so that what locks it here is locked until git has moved the branch."""

    project: str
    branch: str
    ref: str
    old: str
    new: str
    repository: Path
    lock: int

    @property
    def deletes(self) -> bool:
        return not self.new.strip("0")

    @property
    def deploys(self) -> bool:
        return self.ref == f"{HEADS}{self.branch}"


def main(words: list[str], environ: Mapping[str, str]) -> int:
    """0: the ref moves."""
    screen = Screen(environ=environ)
    ref, old, new = words
    push = Push(
        project=environ["DZ_PUSH_PROJECT"],
        branch=environ["DZ_PUSH_BRANCH"],
        ref=ref,
        old=old,
        new=new,
        repository=Path.cwd(),
        lock=int(environ["DZ_PUSH_LOCK"]),
    )
    api = Api(Server(url=environ["DZ_PUSH_PANEL"], token=environ["DZ_PUSH_TOKEN"]))
    try:
        return decide(push, api, screen)
    except (Refused, Unreachable) as error:
        tell(screen, error.told)
    except UserError as error:
        tell(screen, Told.of(error))
    return 1


def decide(push: Push, api: Api, screen: Screen) -> int:
    """What the hook answers. Raises UserError, Refused, Unreachable."""
    if push.deploys and push.deletes:
        raise UserError("push.deleted", branch=push.branch, name=push.project)
    if push.deploys:
        return deploy(push, api, screen)
    if not push.ref.startswith(KEPT_KINDS):
        raise UserError("push.other-ref", ref=push.ref)
    if push.ref.startswith(HEADS) and not push.deletes:
        short = push.ref.removeprefix(HEADS)
        screen.say(f"{short} is kept and not deployed: {push.project} is deployed from {push.branch}.")
        # By its commit: who pushed HEAD or another branch to that name has none of that name.
        screen.say(f"  To deploy it: git push dz {push.new[:10]}:{HEADS}{push.branch}")
    return DONE


def deploy(push: Push, api: Api, screen: Screen) -> int:
    """Deploy the commit and watch it to its end."""
    env = repository.environment(push.repository)
    commit = repository.commit_of(push.repository, push.new, env)
    if not commit:
        raise UserError("push.other-ref", ref=push.ref)
    try:
        fcntl.flock(push.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError("push.going-on", name=push.project) from None
    if repository.commit_of(push.repository, push.ref, env) != (push.old if push.old.strip("0") else ""):
        raise UserError("push.moved", branch=push.branch)
    repository.stage(push.repository, commit, push.old, env)
    if not api.get(f"/projects/{push.project}")["release"] and (code := look(push, api, screen, commit)) != DONE:
        return code
    job = api.post("/deploy", {"target": push.project, "ref": commit})
    screen.say(f"{push.project}  {push.branch} @ {commit[:7]}   job {job['job']}   {job['page']}")
    job = follow(api, job, screen)
    tell_ended(screen, job)
    if job["url"]:
        screen.say(f"   {job['url']}")
    if BY_STATE[job["state"]] != DONE:  # a plain deploy would take what the branch has, and be told as live
        screen.say(f"  {push.branch} stays where it was. To try this commit again, push it again.")
    return BY_STATE[job["state"]]


def look(push: Push, api: Api, screen: Screen, commit: str) -> int:
    """What was never live is checked first, as ``dz deploy`` does: all that has no value is named before anything is
    built. Raises UserError push.values-missing."""
    job = follow(api, api.post("/check", {"target": push.project, "ref": commit}), screen)
    deploying.show_found(job, screen, screen.say)
    if job["state"] != "succeeded":
        tell_ended(screen, job)
        return BY_STATE[job["state"]]
    if job["missing"]:
        raise deploying.values_missing("push.values-missing", push.project, job["missing"])
    return DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
