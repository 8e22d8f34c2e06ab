"""A volume as an archive: what a hostile or a busy project has in it never makes a backup that can't be restored."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dz.names import AppId
from dz.tasklib.appserver import volume_tar
from dz.tasklib.appserver.volumes import ANY_RATIO
from dz.tasklib.build.layers import unpack
from dz.tasklib.folders import Folders


def packed(folder: Path, archive: Path) -> None:
    with archive.open("wb") as out:
        subprocess.run(
            [sys.executable, "-m", "dz.tasklib.appserver.volume_tar", folder, "40000000"], stdout=out, check=True
        )


def test_files_folders_and_links_within_come_back_and_nothing_else_does(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    (volume / "media/ä b/.git").mkdir(parents=True)
    (volume / "media/ä b/.git/config").write_text("kept, unlike in a build")
    (volume / "zeros").write_bytes(b"\0" * 30_000_000)
    (volume / "empty").mkdir()
    (volume / "media/link").symlink_to("ä b")
    (volume / "out").symlink_to("/etc/shadow")
    (volume / "up").symlink_to("../../secrets")
    os.mkfifo(volume / "pipe")
    packed(volume, tmp_path / "volume.tar.zst")
    unpack(tmp_path / "volume.tar.zst", tmp_path / "back", ratio=ANY_RATIO)
    back = sorted(str(path.relative_to(tmp_path / "back")) for path in (tmp_path / "back").rglob("*"))
    assert back == ["empty", "media", "media/link", "media/ä b", "media/ä b/.git", "media/ä b/.git/config", "zeros"]
    assert (tmp_path / "back/zeros").stat().st_size == 30_000_000
    assert (tmp_path / "volume.tar.zst").stat().st_size < 100_000


def test_what_is_closed_is_named_what_went_is_not_and_what_fails_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    volume_tar._left_out("media/a\nb", PermissionError(errno.EACCES, "closed"))
    volume_tar._left_out("media/gone", FileNotFoundError(errno.ENOENT, "gone"))
    assert capsys.readouterr().err == "'media/a\\nb'\n"
    with pytest.raises(OSError, match="bad disk"):
        volume_tar._left_out("media/x", OSError(errno.EIO, "bad disk"))


def test_a_volume_is_named_beside_its_database_and_never_taken_for_a_strangers(tmp_path: Path) -> None:
    folders, app_id = Folders(tmp_path), AppId.of(42)
    first, restored = folders.volume(app_id, "p00000042"), folders.volume(app_id, "p00000042_r7")
    assert (first.name, restored.name) == ("p00000042", "p00000042.r7")
    assert restored.name.partition(".")[0] == app_id
    for path in (first, restored, folders.volume(AppId.of(43), "p00000043")):
        path.mkdir(parents=True)
    (queue := folders.redis(app_id)).mkdir()
    assert folders.volumes(app_id) == [first, restored]
    assert folders.all_volumes(app_id) == [first, restored, queue]
