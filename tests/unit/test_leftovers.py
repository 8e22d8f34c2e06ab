"""What builds leave behind goes, what a step may be using stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dz.names import AppId
from dz.tasklib.build.leftovers import AGE, DOWNLOADS, KEPT, UNUSED, drop
from dz.tasklib.folders import Folders
from dz.tasklib.locks import at_once

APP = AppId.of(42)


def aged(folder: Path, seconds: float) -> Path:
    folder.mkdir(parents=True)
    (folder / "manage.py").touch()
    os.utime(folder, (time.time() - seconds,) * 2)
    return folder


def test_old_checkouts_and_killed_attempts_go_and_the_newest_and_what_may_be_in_use_stay(tmp_path: Path) -> None:
    work = Folders(tmp_path).build(APP)
    kept = [aged(work / f"src/{number:016}", UNUSED / 2) for number in range(KEPT + 1)]
    kept += [aged(work / "src-9-1", AGE / 2)]
    old = [aged(work / "src/old", UNUSED + 100), aged(work / "src-7-1", AGE + 100), aged(work / "trial", 0)]
    old += [aged(work / "front/box", DOWNLOADS + 100)]
    packed = work / "out/in-vain.tar.zst"
    packed.parent.mkdir()
    packed.touch()
    os.utime(packed, (time.time() - AGE - 100,) * 2)
    killed = work / "git/git-x"
    killed.mkdir(parents=True)
    (killed / "key").touch()
    with at_once(Folders(tmp_path).layers_lock(APP)):
        assert drop(tmp_path, APP) == 0
    assert drop(tmp_path, APP) == 5
    assert all(folder.exists() for folder in kept)
    assert not any(folder.exists() for folder in (*old, packed, killed))
    assert drop(tmp_path, AppId.of(43)) == 0
