"""Bundles into the store, and old ones out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.errors import Transient
from dz.names import AppId
from dz.tasklib.bringing import store_of
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear
from dz.tasklib.locks import at_once


def bundle_upload(ctx: Context) -> Mapping[str, Any]:
    """Put the layers that the store lacks; an unchanged env layer is not sent again."""
    bundle, folders = ctx.door.bundle(), Folders(ctx.settings.home)
    store = store_of(ctx, bundle.app_id)
    sent = 0
    for layer in bundle.layers:
        if ctx.door.is_uploaded(layer.digest):
            continue
        packed = folders.packed(bundle.app_id, layer)
        if not packed.exists():
            if not store.has(layer.digest):
                raise Transient(f"the {layer.kind} layer lies on the host that built it, not here")
        else:
            with ctx.part(f"Store the {layer.kind} layer"):
                store.put(packed, layer.digest)
            sent += layer.size
        ctx.door.layer_uploaded(layer.digest)
        packed.unlink(missing_ok=True)
    ctx.log.note(f"{sent / 1e6:.1f} MB stored")
    return {"sent": sent}


def prune(ctx: Context) -> Mapping[str, Any]:
    """Delete what no kept release needs: packed layers in the store, extracted ones on this host."""
    app_id = ctx.door.project().app_id
    store = store_of(ctx, app_id)
    old = ctx.door.old_digests()
    for digest in old:
        ctx.door.layer_taken_back(digest)
        store.delete(digest)
    return {"stored": len(old), "extracted": drop_old_layers(ctx, app_id)}


def drop_old_layers(ctx: Context, app_id: AppId) -> int:
    """On this host, unless one is being made or fetched just now; returns how many layers went."""
    folders = Folders(ctx.settings.home)
    root = folders.layers(app_id)
    with at_once(folders.layers_lock(app_id)) as ours:
        if not ours or not root.exists():
            return 0
        kept = {folders.layer(app_id, kind, key) for kind, key in ctx.door.layers_in_use(app_id)}
        gone = [folder for folder in root.iterdir() if folder not in kept]
        for folder in gone:
            clear(folder)
    return len(gone)


def forget(ctx: Context) -> None:
    """Destroy's last step: bundles, work folders and secrets."""
    app_id, folders = ctx.door.project().app_id, Folders(ctx.settings.home)
    store = store_of(ctx, app_id)
    for digest in ctx.door.digests():
        store.delete(digest)
    for folder in (folders.build(app_id), folders.layers(app_id)):
        clear(folder)
    ctx.door.forget()
