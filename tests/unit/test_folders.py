"""Folders of projects are deleted whatever is in them."""

from __future__ import annotations

import os
from pathlib import Path

from dz.tasklib.folders import clear


def deep(folder: Path, depth: int) -> Path:
    """``folder``, with that many in it, each in the one before: no path is as long."""
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    return folder


def test_a_folder_goes_however_deep_it_is_and_what_its_links_lead_to_stays(tmp_path: Path) -> None:
    kept = deep(tmp_path / "kept", 1)
    folder = deep(tmp_path / "deep", 2500)
    (folder / "d/d/link").symlink_to(kept)
    clear(folder)
    assert [one.name for one in tmp_path.iterdir()] == ["kept"] and (kept / "d").is_dir()
