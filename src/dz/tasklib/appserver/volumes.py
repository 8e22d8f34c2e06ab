"""A project's volume into a backup, and out of one: a new volume beside the one in use, for the release to come.

The volume that a site uses has the name of its database, so both change in the one moment in which a release goes live.
Files that are in no backup, because they are too many, are never deleted while one that left them out can be restored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dz.errors import PlatformError
from dz.names import AppId
from dz.seams.sandbox import Limits
from dz.tasklib import unsynced
from dz.tasklib.appserver import volume_tar
from dz.tasklib.backupstore import MB, BackupStore, Sink
from dz.tasklib.build import disk
from dz.tasklib.build.layers import MOST_BYTES, MOST_MEMBERS, unpack
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear, fresh, passable
from dz.tasklib.ourbox import our_box
from dz.tasklib.records import Backup, Stored
from dz.words import size

KIND = "volume"
SAID = 8000  # bytes of what the packing says that are kept
ANY_RATIO = 1_000_000  # it is our own archive, and its size is held to by itself


def backup_volume(ctx: Context) -> Mapping[str, Any]:
    """Pack the volume on this host, where the project runs or ran last, into the store. One that is too large is left
    out, aloud: the database's dump is a backup without it. Not of a destroy, which would then delete the only files."""
    backup = ctx.door.begun_backup()
    if backup is None:
        return {}
    # Not the one of now: a restore may have gone live since the dump was made.
    beside = str(ctx.results.get("backup_database", {}).get("database") or ctx.door.database().name)
    volume = Folders(ctx.settings.home).volume(backup.app_id, beside)
    if not volume.is_dir():
        ctx.log.note(f"no files of the project are on {ctx.host}")
        return {}
    store, name = BackupStore(ctx.settings, KIND), f"{backup.within}/{ctx.step_id}-{ctx.attempt}.tar.zst"
    try:
        with ctx.part("Pack the files"), store.writing(name, most=ctx.settings.backup_limit * MB) as sink:
            _pack(ctx, volume, backup.app_id, sink)
    except PlatformError as error:
        if error.id != "data.too-big" or backup.last:
            raise
        ctx.door.files_left_out(f"without its files: {error.detail}", beside)
        ctx.log.note(f"the database is backed up, the files are not: {error.detail}", level="warning")
        return {"without_files": error.detail}
    ctx.door.backup_stored(KIND, sink.stored)
    ctx.log.note(f"{size(sink.stored.size)} of files stored")
    return {}


def restore_volume(ctx: Context) -> Mapping[str, Any]:
    """The volume of the release to come, from the backup that the job names. Older ones go, but that in use and those
    whose files a backup left out: to restore such a one the new name leads to them."""
    backup, folders = ctx.door.wanted_backup(), Folders(ctx.settings.home)
    volume, used = folders.named_volume(backup.app_id, ctx.door.new_database().name), ctx.door.database().name
    passable(volume.parent)
    _let_go(folders, backup.app_id, {used, *ctx.door.files_beside()})
    if backup.left_out:
        _lead(ctx, volume, backup, folders.volume(backup.app_id, used))
        return {}
    stored = backup.objects.get(KIND)
    _fill(ctx, volume, backup.app_id, stored)
    ctx.log.note("the files are back" if stored else "the backup has no files: the new volume is empty")
    return {}


def _let_go(folders: Folders, app_id: AppId, kept: set[str]) -> None:
    """Delete every volume of the project but those beside the databases of these names."""
    named = [folders.named_volume(app_id, name) for name in kept]
    stay = {*named, *(folders.volume(app_id, name) for name in kept)}
    for old in folders.volumes(app_id):
        if old not in stay:
            clear(old)


def _lead(ctx: Context, volume: Path, backup: Backup, used: Path) -> None:
    """The new volume is the one from which the backup left the files out, as it is now; today's if that is gone."""
    theirs = Folders(ctx.settings.home).volume(backup.app_id, backup.beside or ctx.door.database().name)
    if theirs == used or not theirs.is_dir():
        volume.symlink_to(used.name)
        gone = "" if theirs == used else f"; those of then are not on {ctx.host}"
        ctx.log.note(f"today's files stay, for the backup is {backup.left_out}{gone}", level="warning")
    else:
        volume.symlink_to(theirs.name)
        ctx.log.note("the site is back on the files that it had then: they were kept where they were")


def _fill(ctx: Context, volume: Path, app_id: AppId, stored: Stored | None) -> None:
    coming = volume.with_name(f"{volume.name}.coming")
    fetched = ctx.settings.home / "dumps" / f"{volume.name}.tar.zst"
    try:
        if stored is not None:
            BackupStore(ctx.settings, KIND).fetch(stored, fetched)
            unpack(fetched, coming, ratio=ANY_RATIO, most=max(MOST_BYTES, ctx.settings.backup_limit * MB))
        else:
            fresh(coming)
        disk.writable(coming)
        if not os.path.lexists(coming / "media"):  # the project may have made a link of it
            (coming / "media").mkdir()
        ctx.seams.sandbox.own(coming, app_id)
        unsynced.to_disk(coming)
        coming.rename(volume)
    finally:
        fetched.unlink(missing_ok=True)
        clear(coming)


def _pack(ctx: Context, volume: Path, app_id: AppId, sink: Sink) -> None:
    """In the sandbox, as the project itself; raises PlatformError for more than a restore would take."""
    said, most = bytearray(), ctx.settings.backup_limit * MB
    limits = Limits(memory=512 * MB, processes=32)
    program = "dz.tasklib.appserver.volume_tar"
    box = our_box(program, volume, str(most), app_id=app_id, limits=limits, kill_id=ctx.kill_id)
    done = ctx.seams.sandbox.run(
        box,
        deadline=ctx.left(),
        on_output=sink,
        cancelled=ctx.stop,
        keep=0,
        stderr_to=lambda piece: said.extend(piece[: max(0, SAID - len(said))]),
    )
    if done.code == volume_tar.TOO_BIG:
        mend = f"{size(most)} (DZ_BACKUP_LIMIT) or {MOST_MEMBERS} files"
        raise PlatformError(f"the volume has more than {mend}", id="data.too-big")
    words = said.decode(errors="replace").strip()
    if not done.ok:
        raise PlatformError(f"the volume can't be packed ({done.code}): {words[-600:]}")
    if closed := words.splitlines():
        named = f"{', '.join(closed[:3])[:300]}{' and more' if len(closed) > 3 else ''}"
        ctx.log.note(f"closed even to the project itself, and so in no backup: {named}", level="warning")
