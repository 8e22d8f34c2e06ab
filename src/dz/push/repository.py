"""The bare repositories that are pushed to, and the settings of every git that works on them.

Promise: no configuration of the machine or of a repository counts over SETTINGS, which are in the environment; what
comes in is checked object by object, capped in size, and the only hook is ours, in a folder that no pusher and not the
service itself can write.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from dz import pushed
from dz.names import AppId
from dz.run import check, run

HOOKS = Path(__file__).parent / "hooks"
MOST = 1024 * 1024 * 1024  # bytes of one push, as of what a build fetches
KEPT = 10  # commits that were deployed by a push and are on no branch: refused ones, for a job that still waits
SETTINGS = {
    "core.hooksPath": str(HOOKS),
    "core.fsmonitor": "false",
    "receive.fsckObjects": "true",
    # What old and honest histories hold; a host of repositories that refuses them refuses people's work.
    "receive.fsck.zeroPaddedFilemode": "ignore",
    "receive.fsck.missingSpaceBeforeDate": "ignore",
    "receive.fsck.badTimezone": "ignore",
    "receive.denyDeleteCurrent": "ignore",  # the hook says it in our words
    "transfer.hideRefs": pushed.FOLDER,
    "receive.keepAlive": "5",
    "gc.autoDetach": "false",  # it ends with the push that began it
    "maintenance.autoDetach": "false",
    "safe.directory": "*",
}


def environment(work: Path, *, most: int = MOST) -> dict[str, str]:
    """Of every git here. ``work``: a folder of the service's own without any configuration; ``most``: bytes of a
    push."""
    numbered = list(enumerate({**SETTINGS, "receive.maxInputSize": str(most)}.items()))
    keys = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in numbered}
    values = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in numbered}
    return {
        "HOME": str(work),
        "XDG_CONFIG_HOME": str(work),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": str(len(numbered)),
        **keys,
        **values,
    }


def path(folder: Path, app_id: str) -> Path:
    """Raises ValueError for what is no app id."""
    return folder / f"{AppId(app_id)}.git"


def made(folder: Path, app_id: str, branch: str, env: Mapping[str, str]) -> Path:
    """The repository of a project, made at its first use."""
    wanted = path(folder, app_id)
    if not wanted.exists():
        coming = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
        check(
            ["git", "init", "-q", "--bare", f"--initial-branch={branch}", "--template=", coming], deadline=30, env=env
        )
        try:
            coming.rename(wanted)
        except OSError:  # somebody else was first
            check(["rm", "-rf", "--", coming], deadline=30)
    return wanted


def stage(repository: Path, commit: str, over: str, env: Mapping[str, str]) -> None:
    """Keep a commit for the build before a branch has it, and forget the oldest of those kept before. By when that was:
    a commit's own date is whatever its author says."""
    names = ["git", "for-each-ref", "--format=%(refname)", pushed.FOLDER]
    refs = check(names, deadline=30, env=env, cwd=repository).text.split()
    kept = [one.ref for one in pushed.newest_first(refs) if one.commit != commit][: KEPT - 1]
    for old in set(refs) - set(kept):
        run(["git", "update-ref", "-d", old], deadline=30, env=env, cwd=repository)
    new = pushed.Staged(when=time.time_ns(), commit=commit, over=over)
    check(["git", "update-ref", new.ref, commit], deadline=30, env=env, cwd=repository)


def commit_of(repository: Path, object_id: str, env: Mapping[str, str]) -> str:
    """The commit that a pushed object is; "" if it is none."""
    words = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{object_id}^{{commit}}"]
    found = run(words, deadline=30, env=env, cwd=repository)
    return found.text.strip() if found.ok else ""
