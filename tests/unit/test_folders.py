"""Folders of projects are copied and deleted whatever is in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dz.errors import PlatformError
from dz.tasklib.build import disk
from dz.tasklib.folders import clear, theirs


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    """Cleared whatever happens: pytest's own way of deleting it is not as patient, and fails in the next run."""
    yield tmp_path
    clear(tmp_path)


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


def test_a_folder_goes_however_deep_it_is_and_what_its_links_lead_to_stays(here: Path) -> None:
    kept = deep(here / "kept", 1)
    folder = deep(here / "deep", 2500)
    (folder / "d/d/link").symlink_to(kept)
    clear(folder)
    assert [one.name for one in here.iterdir()] == ["kept"] and (kept / "d").is_dir()


@pytest.mark.parametrize("copy", [disk.copy, disk.linked])
def test_a_checkout_with_a_thousand_folders_within_one_another_is_copied(
    here: Path, copy: Callable[[Path, Path], None]
) -> None:
    folder = deep(here / "code", 1200)
    (folder / "run.sh").write_text("#!/bin/sh")
    (folder / "run.sh").chmod(0o555)
    (folder / "link").symlink_to("nowhere")
    copy(folder, here / "copy")
    assert (here / "copy/link").readlink() == Path("nowhere")
    disk.writable(here / "copy")
    assert (here / "copy/run.sh").stat().st_mode & 0o777 == 0o755
    assert (here / "copy" / ("d/" * 1200)).is_dir()
    with pytest.raises(PlatformError, match="missing"):
        copy(here / "missing", here / "more")


def test_of_what_lies_where_a_project_writes_only_a_file_is_read_and_no_more_than_was_asked_for(here: Path) -> None:
    (here / "file").write_text("0123456789")
    (here / "link").symlink_to(here / "file")
    os.mkfifo(here / "pipe")
    (here / "folder").mkdir()
    assert theirs(here / "file", 4) == b"0123"
    open_before = os.listdir("/proc/self/fd")
    assert [theirs(here / name, 4) for name in ("link", "pipe", "folder", "missing")] == [b""] * 4
    assert os.listdir("/proc/self/fd") == open_before
