"""``dz destroy``: a project goes with all that it has, and its last backup is named."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from dz.cli.client import Api
from dz.cli.data import held, made_by
from dz.cli.ending import BY_STATE
from dz.cli.following import Document
from dz.cli.reports import watched
from dz.cli.screen import Screen
from dz.errors import UserError
from dz.typed import typed
from dz.words import listing, size


def destroy(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    if not args.yes:
        found = api.get(f"/projects/{args.name}/belongings")
        _confirm(args, found, screen)
    going = api.delete(f"/projects/{args.name}", **({"backup": False} if args.no_backup else {}))
    gone = watched(args, api, screen, going)
    if any(step["name"].startswith("backup_") and step["state"] in ("failed", "errored") for step in gone["steps"]):
        screen.say(typed(f"  Without its last backup it goes all the same: dz destroy {args.name} --no-backup"))
    last = made_by(args.name, api, gone)
    if last is not None:
        # Another project of that name has the name's backups from then on.
        screen.say(f"   Its last backup stays for 30 days, or until a new project is named {args.name}: {held(last)}")
        screen.say(typed(f"   To have it: dz db download {args.name}"))
        if last["files_size"]:
            screen.say(typed(f"   Its files: dz db download {args.name} --files"))
    return BY_STATE[gone["state"]], gone | {"backup": last["backup"] if last else None}


def _confirm(args: argparse.Namespace, found: Document, screen: Screen) -> None:
    """What goes, and the name typed again, since it does not come back."""
    if args.json or not sys.stdin.isatty():
        raise UserError("cli.needs-yes", act=f"Destroying {args.name}", command=f"destroy {args.name}")
    for line in belongings(args.name, found):
        screen.say(line)
    if found["has_data"] and not args.no_backup:
        screen.say(typed(f"A last backup of its data stays for 30 days: dz db download {args.name}"))
    screen.say(f"Type {args.name} to go on:")
    if sys.stdin.readline().strip() != args.name:
        command = f"destroy {args.name}{' --no-backup' if args.no_backup else ''}"
        raise UserError("cli.not-its-name", act="destroyed", name=args.name, command=command)


def belongings(name: str, found: Document) -> list[str]:
    """What goes with a project, a line each."""
    large = f", {size(found['database'])}" if found["database"] is not None else ""
    releases, backups = found["releases"], found["backups"]
    lines = [f"{name} goes, and there is no way back. With it go:"]
    lines += [f"  its address {one}" for one in found["hostnames"]]
    theirs = [f"its database{large}", "its files"] if found["has_data"] else []
    if theirs := [*theirs, *["its variables"][: found["variables"]]]:
        lines.append(f"  {listing(theirs)}")
    if releases:
        lines.append(
            f"  {releases} {'release' if releases == 1 else 'releases'}, with bundles of {size(found['stored'])}"
        )
    if backups:
        lines.append(f"  {backups} {'backup' if backups == 1 else 'backups'}")
    return lines
