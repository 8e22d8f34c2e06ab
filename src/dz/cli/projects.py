"""``dz projects``: all that there are, and how each is."""

from __future__ import annotations

import argparse
from typing import Any

from dz.cli.client import Api
from dz.cli.ending import DONE
from dz.cli.reports import ago
from dz.cli.screen import Screen
from dz.cli.words import Column, table
from dz.typed import typed

COLUMNS = [
    Column("project"),
    Column("state"),
    Column("address"),
    Column("release", drop=2),
    Column("since", drop=3),
    Column("last job", drop=1),
]


def projects(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    found = api.get("/projects")
    if not found:
        screen.say(typed("No projects yet. Make one: dz deploy URL"))
    elif not args.json:
        for line in table(COLUMNS, [_row(one) for one in found], screen.width):
            screen.answer(line)
    return DONE, {"projects": found}


def _row(one: dict[str, Any]) -> list[str]:
    job = one["job"]
    return [
        one["name"],
        one["state"],
        one["url"] or "-",
        str(one["release"] or "-"),
        ago(one["live_at"]) if one["live_at"] else "-",
        f"{job['job']} {job['kind'].replace('_', ' ')} {job['state']}" if job else "-",
    ]
