"""The bundle store keeps its contract in a folder and on a real S3 server that refuses wrong keys."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dz.errors import PlatformError, Transient
from dz.names import Digest
from dz.tasklib.bundles import Store
from dz.tasklib.records import Layer
from tests.stores import free_ports, options

FORKS = """
import os, signal, sys
from dz.names import Digest
from dz.tasklib.bundles import Store
nothing = Digest("0" * 64)
if sys.argv[2] == "True":
    Store(sys.argv[1]).has(nothing)
if pid := os.fork():
    sys.exit(os.waitpid(pid, 0)[1])
signal.alarm(20)
try:
    print(Store(sys.argv[1]).has(nothing), flush=True)
except Exception as error:
    print(type(error).__name__, flush=True)
os._exit(0)
"""


CUT_OFF = """
import os, signal, sys
import obstore
from obstore.store import LocalStore
folder = sys.argv[1].removeprefix("file://")
os.makedirs(folder)
writer = obstore.open_writer(LocalStore(folder), "p00000001/ab/ab.tar.zst", buffer_size=5_000_000)
writer.write(b"x" * 12_000_000)
writer.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=["folder", "another disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "another disk":
        monkeypatch.setattr(Path, "hardlink_to", _no_link)
    if request.param != "s3":
        return Store(f"file://{tmp_path}/store")
    return Store("s3://bundles/some/prefix", options(request.getfixturevalue("s3")))


@pytest.fixture
def packed(tmp_path: Path) -> Callable[[bytes], tuple[Path, Layer]]:
    def make(content: bytes) -> tuple[Path, Layer]:
        path = tmp_path / "packed"
        path.write_bytes(content)
        digest = Digest(hashlib.sha256(content).hexdigest())
        return path, Layer(kind="app", key="k", digest=digest, size=len(content))

    return make


def _no_link(stored: Path, packed: Path) -> None:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


Packed = Callable[[bytes], tuple[Path, Layer]]


def test_what_is_put_comes_back_and_a_second_put_is_harmless(store: Store, packed: Packed, tmp_path: Path) -> None:
    path, layer = packed(b"layer" * 500_000)
    assert not store.has(layer.digest)
    assert store.digests() == set()
    store.put(path, layer.digest)
    store.put(path, layer.digest)
    assert store.has(layer.digest)
    assert store.digests() == {layer.digest}
    store.fetch(layer, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    store.delete(layer.digest)
    store.delete(layer.digest)
    assert not store.has(layer.digest)


def test_what_is_there_is_never_written_again_and_never_trusted(store: Store, packed: Packed, tmp_path: Path) -> None:
    other, _ = packed(b"fals")
    layer = Layer(kind="app", key="k", digest=Digest(hashlib.sha256(b"true").hexdigest()), size=4)
    store.put(other, layer.digest)
    other.unlink()  # what is packed is another file each time
    other.write_bytes(b"true")
    store.put(other, layer.digest)
    with pytest.raises(PlatformError, match="damaged"):
        store.fetch(layer, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_put_that_broke_off_on_its_way_is_written_anew(tmp_path: Path, packed: Packed) -> None:
    store = Store(f"file://{tmp_path}/store")
    path, layer = packed(b"whole")
    store.put(path, layer.digest)
    (kept,) = [file for file in (tmp_path / "store").rglob("*") if file.is_file()]
    kept.unlink()
    kept.write_bytes(b"wh")
    store.put(path, layer.digest)
    store.fetch(layer, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"whole"


def test_a_missing_layer_is_said_to_be_missing(store: Store, tmp_path: Path) -> None:
    layer = Layer(kind="env", key="k", digest=Digest("f" * 64), size=1)
    with pytest.raises(PlatformError, match="no env layer"):
        store.fetch(layer, tmp_path / "back")


def test_a_wrong_key_is_refused_and_is_not_tried_again(s3: int, packed: Packed) -> None:
    path, layer = packed(b"x")
    wrong = Store("s3://bundles", options(s3, secret="wrong"))
    for act in (lambda: wrong.put(path, layer.digest), lambda: wrong.has(layer.digest)):
        with pytest.raises(PlatformError) as told:
            act()
        assert told.value.id == "store.refused" and not isinstance(told.value, Transient)
        assert "wrong" not in str(told.value)


def test_a_store_that_does_not_answer_may_be_asked_again(packed: Packed) -> None:
    path, layer = packed(b"x")
    with pytest.raises(Transient):
        Store("s3://bundles", options(free_ports(1)[0])).put(path, layer.digest)


def test_a_folder_that_cannot_be_made_now_may_be_there_soon(packed: Packed, tmp_path: Path) -> None:
    """A mount that is away for a moment ends no deploy."""
    path, layer = packed(b"x")
    (tmp_path / "file").touch()
    with pytest.raises(Transient):
        Store(f"file://{tmp_path}/file/store").put(path, layer.digest)


def test_what_the_disk_refused_to_keep_is_not_stored(
    packed: Packed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this attempt as in the next, which finds it there."""
    path, layer = packed(b"x")
    store = Store(f"file://{tmp_path}/store")

    def refused(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refused)
    for _ in range(2):
        with pytest.raises(Transient):
            store.put(path, layer.digest)
    monkeypatch.undo()
    store.put(path, layer.digest)
    assert [file.samefile(path) for file in (tmp_path / "store").rglob("*.zst")] == [True]  # a name, no copy


def test_what_a_killed_put_left_in_a_folder_goes_once_nobody_can_write_it(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", CUT_OFF, f"file://{tmp_path}/store"]
    assert subprocess.run(argv, check=False, timeout=60).returncode == -signal.SIGKILL
    (begun,) = [file for file in (tmp_path / "store").rglob("*") if file.is_file()]
    mine, other = (Store(f"file://{tmp_path}/store", within=whose) for whose in ("p00000001", "p00000002"))
    assert mine.digests() == frozenset()
    assert (mine.drop_begun(60), other.drop_begun(0), begun.exists()) == (0, 0, True)
    os.utime(begun, (time.time() - 90, time.time() - 90))
    assert (mine.drop_begun(60), begun.exists(), mine.drop_begun(60)) == (1, False, 0)


def test_equal_bytes_of_two_projects_go_with_their_own_project(packed: Packed, tmp_path: Path) -> None:
    path, layer = packed(b"the same commit")
    mine, other = (Store(f"file://{tmp_path}/store", within=whose) for whose in ("p00000001", "p00000002"))
    mine.put(path, layer.digest)
    other.put(path, layer.digest)
    other.delete(layer.digest)
    assert (mine.digests(), other.digests()) == ({layer.digest}, set())
    assert mine.has(layer.digest)
    assert not other.has(layer.digest)


@pytest.mark.parametrize("used_before", [True, False])
def test_a_store_that_was_used_before_a_fork_is_refused_in_the_child_which_would_hang(
    used_before: bool, tmp_path: Path
) -> None:
    argv = [sys.executable, "-c", FORKS, tmp_path.as_uri(), str(used_before)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    told = "PlatformError" if used_before else "False"
    assert (done.returncode, told in done.stdout) == (0, True), done.stderr
