"""``dz env``: a project's variables. A change is a new config and, of a live site, a new release of the same bundle."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Collection, Iterator
from typing import Any

from dz.cli import values
from dz.cli.client import Api
from dz.cli.ending import BY_STATE, DONE
from dz.cli.reports import ago, watched
from dz.cli.screen import Screen
from dz.cli.words import Column, table
from dz.errors import UserError
from dz.typed import typed
from dz.words import listing

MASK = "••••••"


def env(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """The names, who set them and what reads them; a value is shown by ``dz env get`` alone."""
    found = api.get(f"/projects/{args.name}/variables")
    columns = [Column("name"), Column("value"), Column("set", drop=3), Column("by", drop=2), Column("read in", drop=1)]
    rows = [
        [one["name"], _shown(one), ago(one["set_at"]) if one["set_at"] else "", one["who"], ", ".join(one["read_in"])]
        for one in found["variables"]
    ]
    if not args.json:
        for line in table(columns, rows, screen.width) if rows else ():
            screen.answer(line)
        screen.say(_summary(args.name, found))
    return DONE, found


def env_get(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """One value, raw on stdout."""
    found = api.get(f"/projects/{args.name}/variables/{args.variable}")
    if not args.json:
        screen.answer(found["value"])
    return DONE, found


def env_set(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    given = values.collect(args.variables, [], ask=not args.json)
    return _change(args, api, screen, {"variables": given})


def env_unset(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    return _change(args, api, screen, {"unset": args.variables})


def env_leave(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """What the code reads without a default, and a person knows that it does without, is asked for no more."""
    found = api.post(f"/projects/{args.name}/leave-variables", {"names": args.variables})
    screen.say(f"{args.name} does without {listing(args.variables)}; a value that is set later is used all the same.")
    return DONE, found


def env_import(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """A .env file, after a preview of what it changes."""
    given = values.collect([], [args.file], ask=False)
    preview = api.post(f"/projects/{args.name}/preview-variables", {"variables": given})
    for label, names in (("added", preview["added"]), ("changed", preview["changed"]), ("same", preview["same"])):
        if names:
            screen.say(f"  {label:<10} {listing(names)}")
    if preview["missing"]:
        screen.say(f"  {'kept':<10} {listing(preview['missing'])}: not in the file, and they stay as they are")
    if not (args.yes or args.json):
        if not values.can_ask():
            raise UserError("cli.needs-yes", act="Importing variables", command=f"env import {args.name} {args.file}")
        screen.say("Set these? [Y/n]")
        if not values.agreed(default=True):
            raise UserError("cli.stopped", act="no variable was changed")
    return _change(args, api, screen, {"variables": given})


def _change(args: argparse.Namespace, api: Api, screen: Screen, body: dict[str, Any]) -> tuple[int, Any]:
    answer = api.post(f"/projects/{args.name}/variables", body | {"deploy": not args.no_deploy})
    if not answer["changed"]:
        screen.say(f"Nothing changed: config {answer['config']} has these values already.")
        return DONE, answer
    given = body.get("variables", {})
    names = [f"{name} (empty)" if given.get(name) == "" else name for name in answer["changed"]]
    screen.say(f"Saved as config {answer['config']}{', without' if 'unset' in body else ':'} {listing(names)}.")
    for line in _slips(args.name, given, api) if given else ():
        screen.say(line)
    if answer["job"] is None:
        screen.say(_not_live(args.name, answer, api))
        return DONE, answer
    job = watched(args, api, screen, api.get(f"/jobs/{answer['job']}"))
    return BY_STATE[job["state"]], answer | job


def _slips(name: str, given: Collection[str], api: Api) -> Iterator[str]:
    """Of each name that nothing was found to read, and that is spelled nearly as one that is read and has no value."""
    known = api.get(f"/projects/{name}/variables")["variables"]
    read = {one["name"] for one in known if one["read_in"]}
    meant = {one["name"].upper(): one["name"] for one in known if one["read_in"] and not one["set"]}
    for slip in sorted(set(given) - read):
        for near in difflib.get_close_matches(slip.upper(), meant, n=1, cutoff=0.8):
            yield f"Nothing was found that reads {slip}. Did you mean {meant[near]}?"
            yield typed(f"To take it away again: dz env unset {name} {slip}")


def _not_live(name: str, answer: dict[str, Any], api: Api) -> str:
    if answer["live_config"] is None and api.get(f"/projects/{name}")["state"] == "deactivated":
        return typed(f"{name} rests, and wakes with this: dz activate {name}")
    if answer["live_config"] is None:
        return typed(
            f"{name} has nothing live yet; the next git push takes it, or, where it has a Git URL, dz deploy {name}"
        )
    return typed(f"What is live runs on without this change. To take it live: dz restart {name}")


def _shown(one: dict[str, Any]) -> str:
    if one["set"]:
        return MASK
    return "by the platform" if one["filled"] else "not set"


def _summary(name: str, found: dict[str, Any]) -> str:
    unset = [one["name"] for one in found["variables"] if not one["set"] and not one["filled"] and one["needed"]]
    unset = [name for name in unset if name not in found["left_unset"]]
    if unset:
        ways = f"dz env set {name} {unset[0]} · or it does without: dz env leave {name} {unset[0]}"
        return typed(f"Read without a default and not set: {listing(unset)}. {ways}")
    if found["live_config"] is not None and (found["config"] or 0) != found["live_config"]:
        return typed(f"Config {found['config']} is not live yet. To change that: dz restart {name}")
    return typed(f"A value: dz env get {name} KEY · Set one: dz env set {name} KEY")
