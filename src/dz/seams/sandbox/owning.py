"""Giving a folder to a project: owner changed without following links, closed to all others.

A project may be writing there meanwhile. So every owner is changed through the open folder that holds the name: a
folder that is exchanged for a link leads nowhere, and what disappears is left alone.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def give(folder: Path, uid: int | None) -> None:
    """``folder`` and all in it belong to ``uid`` (None: stay ours); the folder itself is 0700.

    Raises OSError if ``folder`` itself is a link.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(top, 0o700)
        if uid is None:
            return
        for _, folders, files, within in os.fwalk(".", follow_symlinks=False, dir_fd=top):
            for name in (*folders, *files):
                with contextlib.suppress(FileNotFoundError):
                    os.chown(name, uid, uid, dir_fd=within, follow_symlinks=False)
        os.fchown(top, uid, uid)
    finally:
        os.close(top)
