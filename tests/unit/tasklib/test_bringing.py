"""The code of a release as it comes to its host: packed, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dz.errors import PlatformError
from dz.names import AppId
from dz.tasklib import unsynced
from dz.tasklib.bringing import bring_packed
from dz.tasklib.build.layers import pack
from dz.tasklib.bundles import Store
from dz.tasklib.folders import Folders
from dz.tasklib.records import Layer
from tests.repositories import write_tree

APP = AppId.of(42)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "home")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/store", within=APP)


def stored(store: Store, tmp_path: Path) -> Layer:
    """A layer that another host packed."""
    out = tmp_path / "out"
    out.mkdir()
    made = pack(write_tree(tmp_path / "tree", {"manage.py": "x"}), kind="app", key="a" * 64, into=out)
    store.put(out / f"{made.digest}.tar.zst", made.digest)
    return made


def test_code_that_another_host_built_comes_from_the_store_once(tmp_path: Path, folders: Folders, store: Store) -> None:
    layer = stored(store, tmp_path)
    assert bring_packed(store, folders, APP, layer)
    assert not bring_packed(store, folders, APP, layer)
    assert [one.name for one in folders.layers(APP).iterdir()] == [folders.code(APP, layer.key).name]


def test_code_that_a_power_cut_may_have_left_half_written_comes_again(
    tmp_path: Path, folders: Folders, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = stored(store, tmp_path)
    bring_packed(store, folders, APP, layer)
    whole = folders.code(APP, layer.key).read_bytes()
    folders.code(APP, layer.key).write_bytes(b"")
    monkeypatch.setattr(unsynced, "BOOT", tmp_path / "boot")
    (tmp_path / "boot").write_text("another")
    assert bring_packed(store, folders, APP, layer)
    assert folders.code(APP, layer.key).read_bytes() == whole
    assert not unsynced.doubtful(folders.home)


def test_code_that_is_damaged_in_the_store_leaves_nothing_behind(
    tmp_path: Path, folders: Folders, store: Store
) -> None:
    layer = stored(store, tmp_path)
    (kept,) = (tmp_path / "store").rglob("*.tar.zst")
    other = replace(layer, digest=type(layer.digest)("0" * 64))
    into = kept.parents[1] / "00" / f"{other.digest}.tar.zst"
    into.parent.mkdir(exist_ok=True)
    kept.rename(into)
    with pytest.raises(PlatformError):
        bring_packed(store, folders, APP, other)
    assert not list(folders.layers(APP).iterdir())
