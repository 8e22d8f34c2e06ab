"""What is shown before it is on the disk is trusted for this boot only."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from dz.tasklib import unsynced
from dz.tasklib.folders import clear

NAME = "layers/p00000001/env-0123"


def shown(home: Path) -> Path:
    folder = home / NAME
    with unsynced.making(home, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "file").write_text("whole")
    return folder


@pytest.fixture
def fall(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From the boot in which a test began to the one that this names: the test puts it there."""
    boot = tmp_path_factory.mktemp("boot") / "id"
    boot.write_text("first\n")
    monkeypatch.setattr(unsynced, "BOOT", boot)
    return boot


def test_it_is_whole_in_the_boot_that_made_it(tmp_path: Path) -> None:
    assert not unsynced.is_whole(tmp_path, tmp_path / NAME)
    assert unsynced.is_whole(tmp_path, shown(tmp_path))


def test_after_a_power_cut_it_is_doubtful_until_it_is_made_again(tmp_path: Path, fall: Path) -> None:
    folder = shown(tmp_path)
    fall.write_text("second\n")
    assert unsynced.doubtful(tmp_path) == {folder}
    assert not unsynced.is_whole(tmp_path, folder)
    assert (folder / "file").exists()  # who runs from it is not robbed of it
    assert unsynced.is_whole(tmp_path, shown(tmp_path))
    assert not unsynced.doubtful(tmp_path)


def test_a_note_that_the_cut_left_empty_is_no_proof(tmp_path: Path) -> None:
    folder = shown(tmp_path)
    for note in (tmp_path / "unsynced").iterdir():
        note.write_text("")
    assert not unsynced.is_whole(tmp_path, folder)


def test_what_was_synced_outlives_the_boot(tmp_path: Path, fall: Path) -> None:
    folder = shown(tmp_path)
    unsynced.sync(tmp_path)
    fall.write_text("second\n")
    assert unsynced.is_whole(tmp_path, folder)


def test_a_sync_blesses_neither_what_the_last_boot_left_nor_what_is_still_being_made(
    tmp_path: Path, fall: Path
) -> None:
    folder = shown(tmp_path)
    fall.write_text("second\n")
    unsynced.sync(tmp_path)
    assert not unsynced.is_whole(tmp_path, folder)
    with unsynced.making(tmp_path, folder):
        unsynced.sync(tmp_path)
    fall.write_text("third\n")
    assert not unsynced.is_whole(tmp_path, folder)


def test_what_many_share_is_dropped_once_by_whoever_looks_first(tmp_path: Path, fall: Path) -> None:
    folder = shown(tmp_path)
    for number in range(200):
        (folder / str(number)).write_text("")
    unsynced.drop_doubtful(tmp_path, folder)
    assert folder.exists()
    fall.write_text("second\n")
    with ThreadPoolExecutor(4) as many:
        list(many.map(unsynced.drop_doubtful, [tmp_path] * 4, [folder] * 4))
    assert not folder.exists()
    assert not unsynced.doubtful(tmp_path)


class Killed(Exception):
    """Whoever drops a folder ends here, with nothing deleted yet."""


def test_what_one_that_was_killed_had_put_aside_goes_with_the_next(tmp_path: Path, fall: Path) -> None:
    folder = shown(tmp_path)
    fall.write_text("second\n")

    def end(event: str, args: tuple[object, ...]) -> None:
        if armed and event == "shutil.rmtree":
            raise Killed

    armed = [True]
    sys.addaudithook(end)
    with pytest.raises(Killed):
        unsynced.drop_doubtful(tmp_path, folder)
    armed.clear()
    assert [one.name for one in folder.parent.iterdir()] != []
    unsynced.drop_doubtful(tmp_path, folder)
    assert [one.name for one in folder.parent.iterdir()] == []


def test_what_one_has_made_anew_no_other_drops_that_looked_before(tmp_path: Path, fall: Path) -> None:
    folder = tmp_path / NAME

    def build(number: int) -> bool:
        at_once.wait()
        unsynced.drop_doubtful(tmp_path, folder)
        with unsynced.making(tmp_path, folder):
            folder.mkdir(parents=True, exist_ok=True)
            made = folder / str(number)
            made.write_text("whole")
        at_once.wait()
        return made.exists()

    at_once = Barrier(4, timeout=60)
    with ThreadPoolExecutor(4) as many:
        for boot in range(100):
            fall.write_text(f"{boot}\n")
            assert all(many.map(build, range(4))), f"in boot {boot}"


def test_notes_come_and_go_while_others_ask(tmp_path: Path) -> None:
    folder = shown(tmp_path)
    with ThreadPoolExecutor(2) as two:
        synced = two.submit(lambda: [(shown(tmp_path), unsynced.sync(tmp_path)) for _ in range(50)])
        asked = two.submit(lambda: [unsynced.is_whole(tmp_path, folder) for _ in range(500)])
        synced.result()
        assert all(asked.result())


def test_of_what_was_deleted_no_doubt_stays(tmp_path: Path, fall: Path) -> None:
    folder = shown(tmp_path)
    fall.write_text("second\n")
    clear(folder)
    with unsynced.making(tmp_path, tmp_path / "layers/coming"):
        unsynced.drop_gone(tmp_path)
        assert len(list((tmp_path / "unsynced").iterdir())) == 1  # of what is still being made
    assert not unsynced.doubtful(tmp_path)
