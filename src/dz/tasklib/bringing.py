"""Layers on a host: fetched from the store where they are missing, checked, unpacked once; code stays packed, since
each release has to have its own."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from dz.names import AppId
from dz.tasklib import unsynced
from dz.tasklib.build.layers import unpack
from dz.tasklib.bundles import Store
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, passable
from dz.tasklib.records import Layer


def store_of(ctx: Context, app_id: AppId) -> Store:
    """The project's part of the bundle store that this host is set to: a folder in DZ_HOME unless told otherwise."""
    url = ctx.settings.bundle_store or f"file://{ctx.settings.home}/store"
    return Store(url, ctx.settings.store_options(), within=app_id)


def bring(store: Store, folders: Folders, app_id: AppId, layer: Layer, into: Path) -> bool:
    """Have the layer's files in ``into``; False if they were there. A half-made folder is never seen under its name."""
    if unsynced.is_whole(folders.home, into):
        return False
    passable(into.parent)
    with unsynced.making(folders.home, into):
        _unpack(store, folders.packed(app_id, layer), layer, into)
    return True


def bring_packed(store: Store, folders: Folders, app_id: AppId, layer: Layer) -> bool:
    """Have the app layer on this host as ``Folders.code`` names it; False if it was there."""
    into = folders.code(app_id, layer.key)
    if unsynced.is_whole(folders.home, into):
        return False
    passable(into.parent)
    coming = into.with_name(f"{into.name}.{os.getpid()}.coming")
    coming.unlink(missing_ok=True)
    try:
        try:
            coming.hardlink_to(folders.packed(app_id, layer))
        except OSError:  # not packed here, or stored in this moment
            store.fetch(layer, coming)
        with unsynced.making(folders.home, into):
            coming.replace(into)
    finally:
        coming.unlink(missing_ok=True)
    return True


def _unpack(store: Store, packed: Path, layer: Layer, into: Path) -> None:
    with suppress(FileNotFoundError):  # not packed here, or stored in this moment
        unpack(packed, into)
        return
    fetched = into.with_name(f"{into.name}.{os.getpid()}.tar.zst")
    try:
        store.fetch(layer, fetched)
        unpack(fetched, into)
    finally:
        fetched.unlink(missing_ok=True)
