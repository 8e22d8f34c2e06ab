"""Giving a folder to a project: owner changed without following links, closed to all others."""

from __future__ import annotations

import os
from pathlib import Path


def give(folder: Path, uid: int | None) -> None:
    """``folder`` and all in it belong to ``uid`` (None: stay ours); the folder itself is 0700."""
    if uid is not None:
        for parent, folders, files in os.walk(folder, followlinks=False):
            for name in (*folders, *files):
                os.chown(Path(parent) / name, uid, uid, follow_symlinks=False)
        os.chown(folder, uid, uid, follow_symlinks=False)
    folder.chmod(0o700)
