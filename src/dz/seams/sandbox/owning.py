"""Giving a folder to a project: owner changed without following links, closed to all others.

A project may be writing there meanwhile. So every owner is changed through the open folder that holds the name: a
folder that is exchanged for a link leads nowhere, and what disappears is left alone.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from dz.run import check


def give(folder: Path, uid: int | None) -> None:
    """``folder`` and all in it belong to ``uid`` (None: stay ours); the folder itself is 0700.

    Raises OSError if ``folder`` itself is a link.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(top, 0o700)
        if uid is None:
            return
        try:
            _give_all(top, uid)
        except (RecursionError, _TooDeepError):  # slower, but as deep as a project likes
            check(["chown", "-RhP", "--", f"{uid}:{uid}", folder], deadline=600)
        os.fchown(top, uid, uid)
    finally:
        os.close(top)


class _TooDeepError(Exception):
    """More folders within one another than may be open."""


def _give_all(top: int, uid: int) -> None:
    for _, folders, files, within in os.fwalk(".", onerror=_passed_over, follow_symlinks=False, dir_fd=top):
        for name in (*folders, *files):
            with contextlib.suppress(FileNotFoundError):
                os.chown(name, uid, uid, dir_fd=within, follow_symlinks=False)


def _passed_over(error: OSError) -> None:
    if error.errno == errno.EMFILE:
        raise _TooDeepError from error
