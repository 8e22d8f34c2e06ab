"""Where backups are kept: whole or not at all, in a folder and on a real S3 server; a full disk is told as that."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from dz.errors import PlatformError
from dz.settings import PanelSettings
from dz.tasklib.backupstore import MB, SPARED, BackupStore, Sink
from tests.stores import KEYS

NAME = "p00000042/7/1-1.dump"


def kept(url: str, home: Path, port: int = 0) -> BackupStore:
    settings = PanelSettings(
        home=home,
        zoomdb_url=SecretStr(""),
        keys_file=home,
        backup_store=url,
        store_endpoint=f"http://127.0.0.1:{port}" if port else "",
        store_key=KEYS["accessKey"],
        store_secret=SecretStr(KEYS["secretKey"]),
    )
    return BackupStore(settings, "database")


def write(store: BackupStore, pieces: int, *, most: int) -> Sink:
    """So many pieces of 100 kB."""
    with store.writing(NAME, most=most) as sink:
        for _ in range(pieces):
            sink(b"x" * 100_000)
    return sink


class Broken(Exception):
    """What feeds a sink ended too early."""


def break_off(store: BackupStore) -> None:
    with store.writing(NAME, most=100 * MB) as sink:
        sink(b"x" * 12_000_000)
        raise Broken


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BackupStore:
    if request.param == "folder":
        return kept("", tmp_path)
    return kept("s3://bundles/backups", tmp_path, request.getfixturevalue("s3"))


def test_what_is_written_in_pieces_comes_back_whole(store: BackupStore, tmp_path: Path) -> None:
    with store.writing(NAME, most=100 * MB) as sink:
        for _ in range(20):
            sink(b"a piece " * 100_000)
    assert sink.stored.size == 16_000_000
    store.fetch(sink.stored, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"a piece " * 2_000_000

    async def streamed() -> int:
        return sum([len(piece) async for piece in store.pieces(sink.stored)])

    assert asyncio.run(streamed()) == sink.stored.size
    for _ in range(2):
        store.delete("p00000042/7/")
    with pytest.raises(PlatformError, match="not in the store") as gone:
        store.fetch(sink.stored, tmp_path / "again")
    assert gone.value.id == "data.damaged"


def test_what_is_broken_off_or_too_long_never_appears_under_its_name(store: BackupStore, tmp_path: Path) -> None:
    with store.writing(NAME, most=MB) as before:
        before(b"the one before")
    with pytest.raises(Broken):
        break_off(store)
    with pytest.raises(PlatformError) as long:
        write(store, 20, most=MB)
    assert long.value.id == "data.too-big"
    store.fetch(before.stored, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"the one before"
    store.delete("p00000042/7/")


def test_other_bytes_than_were_written_are_told(tmp_path: Path) -> None:
    store = kept("", tmp_path)
    with store.writing(NAME, most=MB) as sink:
        sink(b"whole")
    object_ = tmp_path / "backups/database" / NAME
    object_.write_bytes(b"who")
    with pytest.raises(PlatformError) as damaged:
        store.fetch(sink.stored, tmp_path / "back")
    assert (damaged.value.id, (tmp_path / "back").exists()) == ("data.damaged", False)


def test_a_backup_ends_before_the_disk_is_full_on_which_databases_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([SPARED + 1, SPARED - 1])
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=next(left)))
    with pytest.raises(OSError, match="No space left") as full:
        write(kept("", tmp_path), 200, most=100 * MB)
    assert full.value.errno == errno.ENOSPC
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


KILLED = """
import os, signal, sys, obstore
from obstore.store import LocalStore
writer = obstore.open_writer(LocalStore(sys.argv[1]), sys.argv[2], buffer_size=1_000_000)
for _ in range(8):
    writer.write(bytes(2_000_000))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("then", ["tried again", "given up"])
def test_nothing_stays_of_what_a_killed_worker_had_begun(tmp_path: Path, then: str) -> None:
    """It is as large as the dump had come, and no list of the store names it."""
    folder = tmp_path / "backups/database"
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", KILLED, folder, NAME], check=False)
    assert sum(one.stat().st_size for one in folder.rglob("*#*")) > 1_000_000
    store = kept("", tmp_path)
    if then == "tried again":
        with store.writing(NAME.replace("1-1", "1-2"), most=MB) as sink:
            sink(b"whole")
    else:
        store.delete("p00000042/7/")
    left = [one.name for one in folder.rglob("*") if one.is_file()]
    assert left == (["1-2.dump"] if then == "tried again" else [])


@pytest.mark.mount
def test_a_full_disk_is_told_as_what_it_is_and_leaves_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", small], check=True)
    try:
        store = kept(f"file://{small}", tmp_path)
        with pytest.raises(OSError, match="No space left") as full:
            write(store, 200, most=100 * MB)
        assert full.value.errno == errno.ENOSPC
        assert [path for path in small.rglob("*") if path.name == Path(NAME).name] == []
    finally:
        subprocess.run(["umount", "-l", small], check=True)
