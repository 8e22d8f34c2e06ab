"""Root gives files to a project while the project may be writing there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dz.seams.sandbox import launch
from dz.seams.sandbox.owning import give
from dz.tasklib.folders import clear
from tests.unit.test_folders import deep

pytestmark = pytest.mark.root
UID = 500_042


@pytest.mark.root
def test_links_are_given_and_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key").write_text("root's")
    folder = tmp_path / "volume"
    (folder / "media").mkdir(parents=True)
    (folder / "media/file").write_text("x")
    (folder / "media/link").symlink_to(outside / "key")
    (folder / "linked").symlink_to(outside)
    give(folder, UID)
    assert (outside / "key").stat().st_uid == os.getuid()
    assert outside.stat().st_uid == os.getuid()
    assert {p.lstat().st_uid for p in (folder, folder / "linked", folder / "media/link", folder / "media/file")} == {
        UID
    }


def test_a_folder_that_became_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "volume").symlink_to(tmp_path / "secrets")
    with pytest.raises(OSError, match="volume"):
        give(tmp_path / "volume", UID)
    assert (tmp_path / "secrets").stat().st_uid == os.getuid()


def test_a_folder_is_given_however_deep_it_is(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("root's")
    folder = deep(tmp_path / "volume", 1200)
    (folder / "link").symlink_to(tmp_path / "key")
    give(folder, UID)
    last = os.open(folder, os.O_RDONLY)
    owners = {os.fstat(last).st_uid, (folder / "link").lstat().st_uid}
    while "d" in os.listdir(last):
        below = os.open("d", os.O_RDONLY, dir_fd=last)
        os.close(last)
        last = below
        owners.add(os.fstat(last).st_uid)
    os.close(last)
    clear(folder)
    assert owners == {UID} and (tmp_path / "key").stat().st_uid == os.getuid()


def test_a_value_can_not_become_an_argument_of_the_sandbox(tmp_path: Path) -> None:
    hidden = ["--setenv", "FOO", "x\0--ro-bind\0/etc\0/mnt"]
    with pytest.raises(ValueError, match="NUL"):
        launch.write(tmp_path / "spec", argv=["true"], hidden=hidden, address="127.0.0.1", port=1, uid=None)
