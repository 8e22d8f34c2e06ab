"""``dz releases``, ``rollback`` and ``restart``: what was live, going back to it, and starting anew."""

from __future__ import annotations

import argparse
import uuid
from typing import Any

from dz.cli import values
from dz.cli.client import Api
from dz.cli.ending import BY_STATE, DONE, RELEASE_BASE
from dz.cli.following import Document
from dz.cli.reports import ago, watched
from dz.cli.screen import Screen
from dz.cli.words import Column, table
from dz.errors import UserError
from dz.typed import typed
from dz.words import listing

MOST = 200  # releases that are looked through for a commit
ROLLBACK_BASE = RESTART_BASE = RELEASE_BASE


def releases(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    found = api.get(f"/projects/{args.name}/releases", limit=max(1, min(args.n, 200)))
    columns = [
        Column("release", right=True),
        Column("state"),
        Column("why"),
        Column("commit", drop=3),
        Column("", drop=1, cuts=True),
        Column("config", right=True, drop=2),
        Column("when", drop=4),
    ]
    rows = [
        [
            str(one["release"]),
            one["state"] if one["stored"] or one["state"] != "retired" else "retired, cleared away",
            one["why"],
            one["commit"][:7],
            one["subject"],
            str(one["config"] or "-"),
            ago(one["created_at"]),
        ]
        for one in found
    ]
    if not rows:
        screen.say(typed(f"{args.name} has no release yet. Make one: dz deploy {args.name}"))
    elif not args.json:
        for line in table(columns, rows, screen.width):
            screen.answer(line)
    return DONE, {"releases": found}


def rollback(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """Says what lies between before anything switches; asks only if a migration does."""
    number = _of_commit(args, api) if isinstance(args.release, str) else args.release
    change = api.get(f"/projects/{args.name}/rollback", release=number, with_config=args.with_config)
    for line in verdict(change, args.name):
        screen.say(line)
    if change["migrations"] and not (args.yes or args.json):
        _confirm(args, change, screen)
    body = {"release": change["to"], "with_config": args.with_config, "idempotency_key": str(uuid.uuid4())}
    job = watched(args, api, screen, api.post(f"/projects/{args.name}/rollback", body))
    if job["state"] == "succeeded":
        screen.say(typed(f"   Undo: {change['undo']}"))
    return BY_STATE[job["state"]], job | {"change": change}


def _of_commit(args: argparse.Namespace, api: Api) -> int:
    """The last release of that commit, best one that was live."""
    listed = api.get(f"/projects/{args.name}/releases", limit=MOST)
    found = [one for one in listed if one["commit"].startswith(args.release)]
    if len({one["commit"] for one in found}) > 1:
        raise UserError("release.commits", name=args.name, commit=args.release)
    if not found:
        raise UserError("release.no-commit", name=args.name, commit=args.release)
    was_live = [one for one in found if one["state"] in ("live", "retired")]
    return int((was_live or found)[0]["release"])


def restart(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    job = watched(args, api, screen, api.post(f"/projects/{args.name}/restart"))
    return BY_STATE[job["state"]], job


def verdict(change: Document, name: str) -> list[str]:
    """What a rollback changes: code, variables, migrations, dependencies."""
    way = "forward" if change["forward"] else "back"
    commits = [f'"{one["subject"]}"' for one in change["commits"]]
    code = f"{_count(commits, 'commit')} {way}: {_some(commits)}" if commits else "the same code"
    lines = [f"{name}  release {change['next_release']} = the bundle of {change['to']}, {code}"]
    lines.append(f"  {_variables(change)} · {_migrations(change)}")
    packages = [f"{one} {v['now'] or 'none'} -> {v['then'] or 'none'}" for one, v in change["packages"].items()]
    if packages:
        lines.append(f"  {_count(packages, 'dependency', 'dependencies')} change: {_some(packages)}")
    return lines


def _variables(change: Document) -> str:
    names, comes = change["variables"], change["comes"]
    if change["with_config"]:
        return f"Variables go back too: {_some(comes)}" if comes else "Variables stay; none changed since"
    old = f"; changed since: {_some(names)} (--with-config takes the old ones too)" if names else ""
    if comes:
        return f"Today's variables come into use, which release {change['from']} runs without: {_some(comes)}{old}"
    return f"Variables stay{old or '; none changed since'}"


def _migrations(change: Document) -> str:
    found = change["migrations"]
    if not found:
        return "Database stays: no migration between"
    names = [f"{one['app']}.{one['name']}" for one in found]
    fixed = [f"{one['app']}.{one['name']}" for one in found if not one["reversible"]]
    undone = f"; {listing(fixed)} can't be undone" if fixed else "; each says that it can be undone"
    return f"{_count(names, 'migration')} between stay applied, unknown to that code: {_some(names)}{undone}"


def _confirm(args: argparse.Namespace, change: Document, screen: Screen) -> None:
    if not values.can_ask():
        raise UserError("cli.needs-yes", act="Rolling back over migrations", command=f"rollback {args.name}")
    screen.say("Roll back all the same? [y/N]")
    if not values.agreed(default=False):
        raise UserError("cli.stopped", act=f"release {change['from']} stays live")


def _count(of: list[str], one: str, many: str = "") -> str:
    return f"{len(of)} {one if len(of) == 1 else many or one + 's'}"


def _some(words: list[str], most: int = 5) -> str:
    more = [f"{len(words) - most} more"] if len(words) > most else []
    return listing([*words[:most], *more])
