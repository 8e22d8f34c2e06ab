"""Backups of a project's database, and databases made from them.

A backup is good only once its objects are whole in the store. A restore fills a new database beside the one in use,
which stays as it is; the two are never swapped: the release that is made on the new one goes live as any other does.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from dz.errors import PlatformError, Transient
from dz.seams.dbserver import DatabaseServer
from dz.tasklib.backupstore import MB, BackupStore
from dz.tasklib.context import Context
from dz.tasklib.database.databases import make, server_of
from dz.tasklib.pipeline import HARD_LIMIT, SILENT
from dz.tasklib.records import Backup, Database
from dz.words import listing, size

KIND = "database"
WAL = 1000 * MB  # PostgreSQL's own max_wal_size, about
ABANDONED = 2 * HARD_LIMIT  # seconds since it was written: no step lasts as long
SCRATCH = "_t"  # after the role's name: a database in which a backup is tested


def backup_database(ctx: Context) -> Mapping[str, Any]:
    """Dump the project's database into the store; its backup's row is there first. Nothing for a project that never
    had one, and for a destroy or a restore that is told to keep nothing."""
    backup = ctx.door.begin_backup(str(ctx.params.get("why", "asked")))
    if backup is None:
        ctx.log.title("Nothing to back up" if ctx.params.get("backup", True) else "No backup, as asked")
        return {}
    database = _here(ctx, ctx.door.database())
    name = f"{backup.within}/{ctx.step_id}-{ctx.attempt}.dump"
    with ctx.part(f"Dump {database.name}"), _named_for_a_restore(ctx):
        with BackupStore(ctx.settings, KIND).writing(name, most=ctx.settings.backup_limit * MB) as sink:
            rows = server_of(ctx).dump(database, sink, deadline=ctx.left(), cancelled=ctx.stop)
        ctx.door.backup_stored(KIND, sink.stored, rows)
    ctx.log.note(f"{counted(rows)}, {size(sink.stored.size)} stored")
    return {"backup": backup.number, "database": database.name}


@contextmanager
def _named_for_a_restore(ctx: Context) -> Iterator[None]:
    """Whoever restores because something is broken is told how to go on without the backup that comes first."""
    try:
        yield
    except (Transient, PlatformError) as error:
        if "restore" not in ctx.params:
            raise
        raise type(error)(error.detail, id="data.not-backed-up") from error


def keep_backup(ctx: Context) -> Mapping[str, Any]:
    """The job's backup is good from now on, and the oldest ones are let go: reconcile clears them away."""
    if ctx.door.begun_backup() is None:
        ctx.log.title("No backup to keep")
    told: dict[str, Any] = {}
    if silent := str(ctx.results.get("backup_volume", {}).get(SILENT, "")):
        beside = ctx.results.get("backup_database", {}).get("database")
        ctx.door.files_left_out(f"without its files: {silent}", str(beside or ctx.door.database().name))
        ctx.log.note(f"the database is backed up, the files are not: {silent}", level="warning")
        told = {"without_files": silent}
    ctx.door.keep_backup(nightly=ctx.settings.backups_nightly, others=ctx.settings.backups_asked)
    return told


def restore_database(ctx: Context) -> Mapping[str, Any]:
    """A new database from the dump of the backup that the job names, held to its rows. The one that the restore before
    left goes first; the one in use stays until the next restore."""
    backup, database = ctx.door.wanted_backup(), _here(ctx, ctx.door.new_database())
    server, used = server_of(ctx), ctx.door.database()
    for name in server.names(database) - {used.name}:
        if not _is_scratch(database, name):  # a nightly backup may be tested beside us
            server.discard(replace(database, name=name))
    with ctx.part(f"Restore backup {backup.number} into {database.name}"):
        rows = _filled(ctx, server, database, backup, like=used)
    ctx.log.note(f"{counted(rows)}, as in the backup")
    return {"database": database.name}


def test_restore(ctx: Context) -> Mapping[str, Any]:
    """Restore the job's own backup into a scratch database. One that is damaged, or has other rows then, is none: it is
    said, and the backup is not offered any more. One that PostgreSQL does not take is said, and stays: its dump is
    whole, and what was written is in no other."""
    backup, used = ctx.door.backup(), _here(ctx, ctx.door.database())
    scratch = replace(used, name=f"{used.role}{SCRATCH}{backup.number}")
    server = server_of(ctx)
    for name in server.names(used):
        if _is_scratch(used, name):  # of a test that was killed; no two run at a time
            server.discard(replace(used, name=name))
    try:
        rows = _filled(ctx, server, scratch, backup, like=used)
    except Transient:
        raise  # the server's or the store's trouble says nothing about the backup
    except PlatformError as error:
        if error.id in ("data.damaged", "data.differs"):
            ctx.door.backup_is_bad(error.detail)
        raise
    finally:
        server.discard(scratch)
    ctx.door.backup_tested()
    ctx.log.note(f"restored into a scratch database: {counted(rows)}, as in the dump's own snapshot")
    return {"tested": True}


def clear_old(ctx: Context, kind: str) -> None:
    """Reconcile: what backups that are let go or failed, and projects that are gone, have in the store; and here what a
    restore had fetched whose worker was killed and which nobody tried again."""
    for one in (ctx.settings.home / "dumps").glob("*"):
        with suppress(FileNotFoundError):  # a restore beside this is through
            if one.stat().st_mtime < time.time() - ABANDONED:
                one.unlink()
    for backup in ctx.door.backups_to_clear(kind):
        BackupStore(ctx.settings, kind).delete(f"{backup.within}/")
        ctx.door.backup_cleared(backup.id, kind)


def counted(rows: Mapping[str, int]) -> str:
    return f"{sum(rows.values())} rows in {len(rows)} tables"


def _filled(
    ctx: Context, server: DatabaseServer, database: Database, backup: Backup, *, like: Database
) -> Mapping[str, int]:
    """The database, new and from the backup's dump; ``like``: the one in use, about as large. Raises PlatformError if
    it has other rows."""
    stored = backup.objects[KIND]
    with _scratch(ctx, f"{database.name}.dump", stored.size, _size_of(server, like)) as file:
        BackupStore(ctx.settings, KIND).fetch(stored, file)
        server.discard(database)  # of an attempt before
        make(ctx, database)
        rows = server.restore(database, file, deadline=ctx.left(), cancelled=ctx.stop)
    if dict(rows) != dict(backup.rows):
        raise PlatformError(_difference(backup.rows, rows), id="data.differs")
    return rows


def _difference(wanted: Mapping[str, int], found: Mapping[str, int]) -> str:
    other = [name for name in sorted({*wanted, *found}) if wanted.get(name) != found.get(name)]
    told = [f"{name} has {found.get(name, 'no')} rows instead of {wanted.get(name, 'none')}" for name in other[:3]]
    return listing(told)


def _size_of(server: DatabaseServer, database: Database) -> int:
    try:
        return server.size(database)
    except (Transient, PlatformError):
        return 0  # broken: that is why another one is wanted


@contextmanager
def _scratch(ctx: Context, name: str, packed: int, unpacked: int) -> Iterator[Path]:
    """A file for a fetched dump; what an attempt that was killed left is written over. The server of all projects, and
    here zoomdb too, would stand still on a full disk: so there is to be room for the database and its write-ahead log.
    """
    file = ctx.settings.home / "dumps" / name
    file.parent.mkdir(exist_ok=True, mode=0o700)
    free, needed = shutil.disk_usage(file.parent).free, packed + max(packed, unpacked) + min(unpacked, WAL)
    if free < needed:
        raise PlatformError(f"it takes about {size(needed)}, and {size(free)} are free", id="data.no-room")
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def _is_scratch(database: Database, name: str) -> bool:
    return name.startswith(f"{database.role}{SCRATCH}")


def _here(ctx: Context, database: Database) -> Database:
    if database.server != ctx.host:
        raise Transient(f"database {database.name} is on {database.server}, and this is {ctx.host}")
    ctx.log.hide("database password", database.password.reveal())
    return database
