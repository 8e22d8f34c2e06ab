"""What is shown before it is on the disk is trusted for this boot only."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib import unsynced


def shown(home: Path) -> Path:
    folder = home / "layers" / "p00000001" / "env-0123"
    unsynced.note(home, folder)
    folder.mkdir(parents=True)
    (folder / "file").write_text("whole")
    return folder


def fall(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "boot").write_text("another boot\n")
    monkeypatch.setattr(unsynced, "BOOT", tmp_path / "boot")


def test_it_is_whole_in_the_boot_that_made_it(tmp_path: Path) -> None:
    assert not unsynced.is_whole(tmp_path, tmp_path / "layers/p00000001/env-0123")
    assert unsynced.is_whole(tmp_path, shown(tmp_path))


def test_after_a_power_cut_it_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shown(tmp_path)
    fall(monkeypatch, tmp_path)
    assert not unsynced.is_whole(tmp_path, folder)
    assert not folder.exists()
    assert unsynced.is_whole(tmp_path, shown(tmp_path))


def test_a_note_that_the_cut_left_empty_is_no_proof(tmp_path: Path) -> None:
    folder = shown(tmp_path)
    for note in (tmp_path / "unsynced").iterdir():
        note.write_text("")
    assert not unsynced.is_whole(tmp_path, folder)


def test_what_was_synced_outlives_the_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shown(tmp_path)
    unsynced.sync(tmp_path)
    fall(monkeypatch, tmp_path)
    assert unsynced.is_whole(tmp_path, folder)


def test_a_sync_of_this_boot_does_not_bless_what_the_last_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shown(tmp_path)
    fall(monkeypatch, tmp_path)
    unsynced.sync(tmp_path)
    assert not unsynced.is_whole(tmp_path, folder)
