"""``dz domains``: the hostnames that lead to a project. A change is a release of what is live, in seconds."""

from __future__ import annotations

import argparse
from typing import Any

from dz.cli.client import Api
from dz.cli.ending import BY_STATE, DONE
from dz.cli.following import Document
from dz.cli.reports import watched
from dz.cli.screen import Screen
from dz.typed import typed


def domains(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    found = api.get(f"/projects/{args.name}/domains")
    if not args.json:
        for one in found["domains"]:
            screen.answer(one["url"])
    screen.say(typed(f"Another one: dz domains add {args.name} www.example.org"))
    return DONE, found


def domains_add(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    answer = api.post(f"/projects/{args.name}/domains", {"domains": args.domains})
    code, told = _told(args, api, screen, answer)
    if code == DONE:
        screen.say(f"   It answers to who asks for {args.domains[0]}; its DNS has to name this machine,")
        screen.say("   and the platform has to listen for others than this machine. Where it does not yet:")
        screen.say(typed("   dz down && dz up --listen 0.0.0.0:80"))
    return code, told


def domains_remove(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    return _told(args, api, screen, api.post(f"/projects/{args.name}/domains/remove", {"domain": args.domain}))


def _told(args: argparse.Namespace, api: Api, screen: Screen, answer: Document) -> tuple[int, Any]:
    if answer["job"] is None:
        screen.say(f"Saved. {args.name} has nothing to start anew for it; its next release takes it.")
        return DONE, answer
    job = watched(args, api, screen, api.get(f"/jobs/{answer['job']}"))
    return BY_STATE[job["state"]], answer | job
