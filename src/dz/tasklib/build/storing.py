"""Bundles into the store, and old ones out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.errors import Transient
from dz.names import AppId
from dz.tasklib import unsynced
from dz.tasklib.bringing import store_of
from dz.tasklib.build import leftovers, owncode
from dz.tasklib.build.bundle import build_bundle
from dz.tasklib.build.interpreters import of_layer
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear
from dz.tasklib.locks import at_once
from dz.tasklib.pipeline import HARD_LIMIT
from dz.tasklib.records import Bundle, Layer

ABANDONED = 2 * HARD_LIMIT  # seconds since it was written: no step lasts as long
BUILDS_AGAIN = 3  # the attempt in which a host that did not build stops waiting for the one that did


def bundle_upload(ctx: Context) -> Mapping[str, Any]:
    """Put the layers that the store lacks; an unchanged env layer is not sent again."""
    folders = Folders(ctx.settings.home)
    bundle, to_send = _within_reach(ctx)
    store = store_of(ctx, bundle.app_id)
    sent = 0
    for layer in to_send:
        packed = folders.packed(bundle.app_id, layer)
        if packed.exists():
            with ctx.part(f"Store the {layer.kind} layer"):
                store.put(packed, layer.digest)
            sent += layer.size
        ctx.midway()
        ctx.door.layer_uploaded(layer.digest)
        packed.unlink(missing_ok=True)
    ctx.log.note(f"{sent / 1e6:.1f} MB stored")
    return {"sent": sent}


def _within_reach(ctx: Context) -> tuple[Bundle, list[Layer]]:
    """The bundle, and what of it is not known to be stored, all of it here or there. Where there are several build
    hosts the step may come to another than the one that built: it goes back a few times to be taken by that one, which
    may be dead; then it is built here."""
    bundle, folders = ctx.door.bundle(), Folders(ctx.settings.home)
    store, to_send = store_of(ctx, bundle.app_id), _to_send(ctx, bundle)
    for layer in to_send:
        if not folders.packed(bundle.app_id, layer).exists() and not store.has(layer.digest):
            if ctx.attempt < BUILDS_AGAIN:
                raise Transient(f"the {layer.kind} layer lies on the host that built it, not on {ctx.host}")
            ctx.log.note(f"the host that built the {layer.kind} layer does not come for it: built again on {ctx.host}")
            build_bundle(ctx, foresee=False)
            bundle = ctx.door.bundle()
            return bundle, _to_send(ctx, bundle)
    return bundle, to_send


def _to_send(ctx: Context, bundle: Bundle) -> list[Layer]:
    return [layer for layer in bundle.layers if not ctx.door.is_uploaded(layer.digest)]


def prune(ctx: Context) -> Mapping[str, Any]:
    """Delete what no kept release needs: packed layers in the store, extracted ones and checkouts on this host."""
    app_id = ctx.door.project().app_id
    store = store_of(ctx, app_id)
    old = ctx.door.old_digests(store.digests())
    for digest in old:
        ctx.door.layer_taken_back(digest)
        ctx.midway()
        store.delete(digest)
    store.drop_begun(ABANDONED)
    extracted = drop_old_layers(ctx, app_id)
    unsynced.sync(ctx.settings.home)
    left = leftovers.drop(ctx.settings.home, app_id)
    _compile(ctx, app_id)
    return {"stored": len(old), "extracted": extracted, "left": left}


def _compile(ctx: Context, app_id: AppId) -> None:
    """The live release's code, for the next one, where this host has what that takes."""
    bundle, folders = ctx.door.bundle(), Folders(ctx.settings.home)
    code, env = folders.checkout(app_id, bundle.commit), bundle.layer("env")
    assert env is not None, "a bundle has an env layer"
    interpreter = of_layer(folders.layer(app_id, "env", env.key), folders.home)
    with at_once(folders.build_lock(app_id)) as alone:
        if not (alone and code.exists() and interpreter):
            return
        ours = owncode.OwnCode(home=folders.home, app_id=app_id, python=bundle.manifest["python"])
        count = ours.keep(code, interpreter, work=folders.build(app_id), deadline=ctx.left(60), cancelled=ctx.stop)
    if count:
        ctx.log.note(f"{count} files are compiled for the next release")


def drop_old_layers(ctx: Context, app_id: AppId) -> int:
    """On this host, unless one is being made or fetched just now; returns how many layers went."""
    folders = Folders(ctx.settings.home)
    root = folders.layers(app_id)
    with at_once(folders.build_lock(app_id), folders.layers_lock(app_id)) as ours:
        if not ours or not root.exists():
            return 0
        used = ctx.door.layers_in_use(app_id)
        kept = {folders.code(app_id, key) if kind == "app" else folders.layer(app_id, kind, key) for kind, key in used}
        gone = [folder for folder in root.iterdir() if folder not in kept]
        for folder in gone:
            clear(folder)
    return len(gone)


def forget(ctx: Context) -> None:
    """Destroy's last step: bundles, work folders, what was pushed, and secrets."""
    app_id, folders = ctx.door.project().app_id, Folders(ctx.settings.home)
    store = store_of(ctx, app_id)
    for digest in store.digests():
        store.delete(digest)
    store.drop_begun(0)
    pushed = ctx.settings.push_folder
    ours = (folders.build(app_id), folders.layers(app_id), owncode.folder_of(folders.home, app_id))
    for folder in (*ours, *([pushed / f"{app_id}.git"] if pushed else [])):
        clear(folder)
    unsynced.drop_gone(ctx.settings.home)
    ctx.door.forget()
