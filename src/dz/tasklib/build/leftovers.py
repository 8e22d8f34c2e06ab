"""What builds leave on a build host: checkouts of commits that were built, attempts that were killed, layers
that were packed in vain, what front ends downloaded, and the last trial, which the next build would else have to clear
away before its own.

Nothing that a step may be using goes: a build holds the project's lock, an inspection touches its checkout and is over
within UNUSED, and no step lasts as long as AGE.
"""

from __future__ import annotations

import time
from pathlib import Path

from dz.names import AppId
from dz.tasklib.build.githome import sweep
from dz.tasklib.folders import Folders, clear
from dz.tasklib.locks import at_once
from dz.tasklib.pipeline import HARD_LIMIT

KEPT = 3  # the newest checkouts, so that the next job need not fetch again
UNUSED = 60  # seconds
AGE = 2 * HARD_LIMIT  # seconds
DOWNLOADS = 7 * 24 * 3600  # seconds that a front end's are kept since its last build


def drop(home: Path, app_id: AppId) -> int:
    """A project's left-overs on this host, unless a build works just now; returns how many folders and files went."""
    folders = Folders(home)
    work = folders.build(app_id)
    with at_once(folders.build_lock(app_id), folders.layers_lock(app_id)) as ours:
        if not ours or not work.exists():
            return 0
        sweep(work / "git")
        checkouts = sorted((work / "src").glob("*"), key=_used, reverse=True)
        others = (*work.glob("src-*"), *work.glob("out/*"))  # a packed layer that another host stored in its place
        now = time.time()
        gone = [one for one in checkouts[KEPT:] if _used(one) < now - UNUSED]
        gone += [one for one in others if _used(one) < now - AGE]
        gone += [one for one in work.glob("front/box") if _used(one) < now - DOWNLOADS]
        gone += [*work.glob("trial")]
        for one in gone:
            clear(one)
    return len(gone)


def _used(folder: Path) -> float:
    try:
        return folder.lstat().st_mtime
    except FileNotFoundError:
        return time.time()  # an attempt that became a checkout just now
