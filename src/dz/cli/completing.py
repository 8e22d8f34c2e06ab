"""``dz completion SHELL`` prints what a shell needs to complete ``dz``; ``dz --complete WORDS`` is what it asks then.

The grammar's own table and parsers say what may follow. Names come from the platform, which has 300 ms for its answer:
whoever presses Tab waits no longer, and gets nothing where it is down.
"""

from __future__ import annotations

import argparse
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dz.cli import grammar
from dz.cli.client import Api, Refused, Unreachable
from dz.cli.command import Command, Parser
from dz.cli.commands import COMMANDS
from dz.cli.ending import DONE
from dz.cli.screen import Screen
from dz.cli.where import find
from dz.errors import UserError

PATIENCE = 0.3  # seconds


def completion(args: argparse.Namespace, _: Api, screen: Screen) -> tuple[int, Any]:
    script = (Path(__file__).parent / "completion" / f"dz.{args.shell}").read_text()
    if not args.json:
        screen.answer(script.rstrip())
    return DONE, {"shell": args.shell, "script": script}


def candidates(words: Sequence[str]) -> list[str]:
    """What the last of these words, perhaps empty, may become; the words before it stand after ``dz``."""
    *before, last = words or [""]
    found = _next(before, last)
    return sorted({one for one in found if one.startswith(last)})


def _next(before: list[str], last: str) -> list[str]:
    if not before:
        return sorted({name.split()[0] for name in COMMANDS})
    seconds = [name.split()[1] for name in COMMANDS if len(before) == 1 and name.startswith(f"{before[0]} ")]
    try:
        command, rest = grammar.find(before)
    except UserError:
        return seconds
    return seconds + _arguments(command, rest, last)


def _arguments(command: Command, rest: list[str], last: str) -> list[str]:
    parser = grammar.parser_of(command)
    if "--" in rest:
        return []  # another program's
    options = {name: action for action in parser._actions for name in action.option_strings}
    taking = options.get(rest[-1]) if rest else None
    if taking is not None and taking.nargs != 0:
        return [str(one) for one in taking.choices or ()]
    if last.startswith("-"):
        return [name for name in options if name.startswith("--")]
    given = _positionals(rest, options)
    action = _wanted(parser, len(given))
    if action is None:
        return []
    return [str(one) for one in action.choices] if action.choices else _names(str(action.metavar), given)


def _positionals(rest: list[str], options: dict[str, argparse.Action]) -> list[str]:
    valued = {name for name, action in options.items() if action.nargs != 0}
    before = ["", *rest]
    return [word for word, one in zip(rest, before, strict=False) if not word.startswith("-") and one not in valued]


def _wanted(parser: Parser, count: int) -> argparse.Action | None:
    """The positional argument that comes after so many; the last one goes on if it takes many."""
    actions = [one for one in parser._actions if not one.option_strings]
    if count < len(actions):
        return actions[count]
    return actions[-1] if actions and actions[-1].nargs in ("+", "*") else None


def _names(metavar: str, given: list[str]) -> list[str]:
    """From the platform. Nothing if it does not answer in time."""
    kind = next((one for one in ("NAME", "JOB", "KEY", "K[=V]", "DOMAIN") if one in metavar), "")
    if not kind:
        return []
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        return _asked(Api(find(None)), kind, given)
    except (TimeoutError, Refused, Unreachable, UserError):
        return []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _late(*_: object) -> None:
    raise TimeoutError


def _asked(api: Api, kind: str, given: list[str]) -> list[str]:
    if kind == "NAME":
        return [one["name"] for one in api.get("/projects")]
    if kind == "JOB":
        return [str(one["job"]) for one in api.get("/jobs", limit=20)]
    if not given or not re.fullmatch(r"[a-z0-9-]+", given[0]):
        return []
    if kind == "DOMAIN":
        return [one["domain"] for one in api.get(f"/projects/{given[0]}/domains")["domains"] if not one["given"]]
    return [one["name"] for one in api.get(f"/projects/{given[0]}/variables")["variables"]]
