"""``dz deactivate`` and ``dz activate``: a project rests, and wakes."""

from __future__ import annotations

import argparse
from typing import Any

from dz.cli.client import Api
from dz.cli.ending import BY_STATE, RELEASE_BASE
from dz.cli.following import Document, follow
from dz.cli.reports import tell_ended, watched
from dz.cli.screen import Screen
from dz.typed import typed
from dz.words import duration

ACTIVATE_BASE = RELEASE_BASE
DEACTIVATE_BASE: dict[str, Any] = {"job": None, "state": None, "seconds": None}


def deactivate(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """Asks nothing: one command takes it back."""
    job = api.post(f"/projects/{args.name}/deactivate")
    job = follow(api, job, screen, timeout=args.timeout, cancel_on_interrupt=args.cancel_on_interrupt)
    if job["state"] == "succeeded":
        screen.say(f" {screen.sign('succeeded')} {args.name} rests after {duration(job['seconds'])}")
        screen.say(typed(f"   Its data, releases and variables stay. Wake it: dz activate {args.name}"))
    else:
        tell_ended(screen, job)
    return BY_STATE[job["state"]], job


def activate(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    job = watched(args, api, screen, api.post(f"/projects/{args.name}/activate"))
    return BY_STATE[job["state"]], job
