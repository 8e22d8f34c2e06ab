"""``dz db``: a project's data: what there is, backups, going back to one of them, and its bytes."""

from __future__ import annotations

import argparse
import sys
import uuid
from pathlib import Path
from typing import Any

from dz.cli import values
from dz.cli.client import Api, Refused
from dz.cli.downloading import Download, download
from dz.cli.ending import BY_STATE, DONE, RELEASE_BASE
from dz.cli.following import Document
from dz.cli.reports import ago, watched
from dz.cli.screen import Screen
from dz.cli.words import Column, table
from dz.errors import UserError
from dz.typed import typed
from dz.words import size

DB_BACKUP_BASE: dict[str, Any] = {"job": None, "state": None, "seconds": None, "backup": None}
DB_RESTORE_BASE = RELEASE_BASE


def db_info(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """Size, connections of the limit, largest tables, and every backup with whether its restore was tested."""
    found = api.get(f"/projects/{args.name}/database")["database"]
    listed = api.get(f"/projects/{args.name}/backups")
    if args.json:
        return DONE, {"database": found, "backups": listed}
    if found is None:
        screen.say(
            typed(
                f"{args.name} has no database yet. Its first deploy makes it: git push dz, or, where it has a Git URL, "
                f"dz deploy {args.name}"
            )
        )
        return DONE, None
    used = f"{found['connections']} of {found['connection_limit']} connections"
    screen.answer(f"{found['name']}  {size(found['size'])}, {used}, PostgreSQL {found['version']} on {found['server']}")
    for one in found["largest"]:
        rows = f"  about {one['rows']} rows" if one["rows"] else ""
        screen.answer(f"  {one['table']:<34} {size(one['size']):>9}{rows}")
    if not listed:
        screen.say(typed(f"No backups yet; each night makes one. Now: dz db backup {args.name}"))
        return DONE, None
    columns = [Column("backup", right=True), Column("state"), Column("why"), Column("when"), Column("size", right=True)]
    columns += [Column("rows", right=True, drop=2), Column("restore", drop=1), Column("", drop=3, cuts=True)]
    for line in table(columns, [_row(one) for one in listed], screen.width):
        screen.answer(line)
    return DONE, None


def db_backup(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    job = watched(args, api, screen, api.post(f"/projects/{args.name}/backups", {"idempotency_key": str(uuid.uuid4())}))
    made = made_by(args.name, api, job)
    if job["state"] == "succeeded" and made:
        parts = held(made)
        left_out = f", {made['left_out']}" if made["left_out"] else ""
        screen.say(f" {screen.sign('succeeded')} backup {made['backup']} of {args.name}: {parts}{left_out}")
        screen.say(typed(f"   Go back to it: dz db restore {args.name} {made['backup']}"))
    return BY_STATE[job["state"]], job | {"backup": made["backup"] if made else None}


def db_restore(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """Says what it takes back before anything happens, and afterwards how to undo it."""
    change = api.get(f"/projects/{args.name}/restore", backup=args.backup)
    backup = change["backup"]
    made = f"{backup['why']}, {ago(backup['created_at'])}, {backup['rows']} rows in {backup['tables']} tables"
    screen.say(f"{args.name} goes back to backup {backup['backup']}: {made}{_files(backup)}.")
    if newer := len(change["behind"]):
        releases = "1 release is" if newer == 1 else f"{newer} releases are"
        screen.say(f"  {releases} newer than it: the code stays, and its migrations run on the old data.")
    if backup["left_out"]:
        screen.say("  Files are not in it: the site goes back to its volume of then, as that is now.")
        screen.say("  Should that be gone, today's files stay.")
    kept = "is backed up first, so the restore can be undone"
    screen.say(f"  What was written since goes. It {'is not backed up: it is lost' if args.no_backup else kept}.")
    if not (args.yes or args.json):
        _confirm(args, screen)
    body = {"backup": backup["backup"], "first": not args.no_backup, "idempotency_key": str(uuid.uuid4())}
    job = watched(args, api, screen, api.post(f"/projects/{args.name}/restore", body))
    before = made_by(args.name, api, job)
    undo = f"dz db restore {args.name} {before['backup']}" if before else None
    if job["state"] == "succeeded" and undo:
        screen.say(typed(f"   Undo: {undo}"))
    return BY_STATE[job["state"]], job | {"restored": backup["backup"], "undo": undo}


def db_download(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """A dump is pg_dump's custom format, for pg_restore; files are a tar, packed with zstd."""
    what, suffix = ("volume", "tar.zst") if args.files else ("database", "dump")
    into = Path(args.output) if args.output else None
    found: Download = download(api, args.name, args.backup, what, suffix=suffix, into=into)
    screen.say(f"{found.file}: {size(found.size)}, backup {found.backup} of {args.name}")
    if not args.files:
        screen.say(f"   Into a database of yours: pg_restore --no-owner -d DATABASE {found.file}")
    return DONE, {"file": str(found.file), "size": found.size, "sha256": found.digest, "backup": found.backup}


def _confirm(args: argparse.Namespace, screen: Screen) -> None:
    """The name typed, since every visitor's data changes."""
    if not values.can_ask():
        raise UserError("cli.needs-yes", act="A restore", command=f"db restore {args.name}")
    screen.say(f"Type {args.name} to go on:")
    if sys.stdin.readline().strip() != args.name:
        command = f"db restore {args.name} {args.backup or ''}".strip()
        raise UserError("cli.not-its-name", act="restored", name=args.name, command=command)


def _files(backup: Document) -> str:
    if backup["left_out"]:
        return ", without files"
    return f", {size(backup['files_size'])} of files" if backup["files_size"] else ", no files"


def _row(one: Document) -> list[str]:
    rows = str(one["rows"]) if one["state"] == "good" else ""
    tested = "tested" if one["tested"] else ""
    packed = size(one["size"]) if one["size"] else ""
    state = f"{one['state']}, no files" if one["left_out"] else one["state"]  # the last column may find no room
    told = [str(one["backup"]), state, one["why"], ago(one["created_at"])]
    return [*told, packed, rows, tested, one["error"] or one["left_out"] or ""]


def held(backup: Document) -> str:
    """How much a backup holds, in words."""
    return f"{backup['rows']} rows in {backup['tables']} tables, {size(backup['size'])}"


def made_by(name: str, api: Api, job: Document) -> Document | None:
    """The good backup that the job made, if it made one."""
    try:
        listed = api.get(f"/projects/{name}/backups", limit=50)
    except Refused as error:
        if error.told.error_id != "project.not-found":  # it is destroyed, and had none
            raise
        return None
    return next((one for one in listed if one["job"] == job["job"] and one["state"] == "good"), None)
