"""``dz ps`` and ``scale``: a project's processes, and how many of each there are."""

from __future__ import annotations

import argparse
from typing import Any

from dz.cli.client import Api
from dz.cli.ending import BY_STATE, DONE
from dz.cli.following import Document
from dz.cli.reports import ago, watched
from dz.cli.screen import Screen
from dz.cli.words import Column, table
from dz.typed import typed
from dz.words import size


def ps(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    found = api.get(f"/projects/{args.name}/processes")
    columns = [
        Column("process"),
        Column("release"),
        Column("host", drop=1),
        Column("state"),
        Column("since", drop=2),
        Column("memory", right=True, drop=4),
        Column("restarts", right=True, drop=5),
        Column("ended", drop=3),
    ]
    if not found:
        rests = api.get(f"/projects/{args.name}")["state"] == "deactivated"
        way = f"Wake it: dz activate {args.name}" if rests else f"Make it live: dz deploy {args.name}"
        screen.say(typed(f"{args.name} runs nowhere. {way}"))
    elif not args.json:
        for line in table(columns, [_row(one) for one in found], screen.width):
            screen.answer(line)
        for one in found:
            if one["words"] == one["detail"] and one["state"] != "stopped":  # it keeps dying
                screen.say(typed(f"  {one['process']}: dz logs {args.name} --process {one['process']}"))
    return DONE, {"processes": found}


def _row(one: Document) -> list[str]:
    ended = one["detail"] if one["detail"] not in one["words"] else ""
    answers = f", answers in {one['answers_in']} ms" if one["answers_in"] is not None else ""
    return [
        one["process"],
        f"release {one['release']}" if one["release"] else "-",
        one["host"],
        one["words"] + answers,
        ago(one["since"]),
        size(one["memory"]) if one["memory"] else "-",
        str(one["restarts"]),
        ended,
    ]


def scale(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """A new formation is a new release of what is live: no request is lost, and no second scheduler runs."""
    if not args.counts:
        return _formation(args, api, screen)
    answer = api.post(f"/projects/{args.name}/scale", {"processes": dict(args.counts)})
    said = " ".join(f"{name}={number}" for name, number in answer["formation"].items())
    if answer["job"] is None:
        rests = api.get(f"/projects/{args.name}")["state"] == "deactivated"
        then = f"it rests, and wakes so: dz activate {args.name}" if rests else "nothing had to change for that."
        screen.say(typed(f"{args.name} is to run {said}; {then}"))
        return DONE, answer
    job = watched(args, api, screen, api.get(f"/jobs/{answer['job']}"))
    if job["state"] == "succeeded":
        screen.say(typed(f"   Runs {said}: dz ps {args.name}"))
    return BY_STATE[job["state"]], answer | job


def _formation(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    found = api.get(f"/projects/{args.name}/formation")
    if not args.json:
        columns = [Column("process"), Column("count", right=True), Column("line", cuts=True)]
        rows = [[one["process"], str(one["count"]), one["line"] or "the platform's own server"] for one in found]
        for line in table(columns, rows, screen.width):
            screen.answer(line)
        screen.say(typed(f"Change it: dz scale {args.name} web=2"))
    return DONE, {"formation": found}
