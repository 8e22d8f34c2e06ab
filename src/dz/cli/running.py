"""From words to an exit code: finds the command, runs it, and tells every failure in one way."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import secrets
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import dz
from dz import source
from dz.cli import ending, grammar
from dz.cli.client import Api, Refused, Told, Unreachable
from dz.cli.command import Command
from dz.cli.commands import COMMANDS
from dz.cli.following import Detached, Overtime
from dz.cli.screen import Screen
from dz.cli.where import Server, find, home
from dz.errors import UserError
from dz.plain import plain
from dz.typed import TYPED, typed


def run(argv: Sequence[str]) -> int:
    """One invocation."""
    ours = argv[: list(argv).index("--")] if "--" in argv else argv
    screen = Screen(colour="--no-color" not in ours)
    as_json, never = "--json" in ours, None
    try:
        if (told := _told(argv)) is not None:
            _write(told)
            return ending.DONE
        command, rest = grammar.find(argv)
        never = command.never
        args = grammar.parser_of(command).parse_args(rest)
        if command.local:
            _exec_local(command, rest)
        return _run(command, args, screen)
    except UserError as error:  # before the arguments were understood
        return _failed(screen, Told.of(error), never or ending.code_of(Told.of(error)), as_json, {})


def _told(argv: Sequence[str]) -> str | None:
    """What is answered without doing anything: examples, version, help. None for a command to run."""
    if not argv:
        return typed(grammar.EXAMPLES)
    if argv[0] == "--complete":
        return "\n".join(importlib.import_module("dz.cli.completing").candidates(argv[1:]))
    if argv[0] in ("--version", "-V"):
        return f"DjangoZoom {dz.__version__}"
    if argv[0] in grammar.HELP:
        return grammar.help_of(argv[1:])
    if argv[0] not in COMMANDS and argv[1:2] and argv[1] in grammar.HELP:
        return grammar.help_of(argv[:1])
    return None


def _exec_local(command: Command, rest: Sequence[str]) -> NoReturn:
    """The platform of this machine is started and asked by a process of its own: this one becomes it."""
    words = command.words.replace(" ", "-")
    os.environ.setdefault("DZ_HOME", str(home()))
    os.environ.setdefault(TYPED, sys.argv[0])
    os.execv(sys.executable, [sys.executable, "-P", "-m", "dz.local", words, *rest])  # noqa: S606  argv of ours


def _run(command: Command, args: argparse.Namespace, screen: Screen) -> int:
    module, _, function = command.runs.partition(".")
    base: dict[str, Any] = {}
    try:
        act = importlib.import_module(f"dz.cli.{module}")
        base = getattr(act, f"{function.upper()}_BASE", {})
        code, document = getattr(act, function)(
            args, Api(Server(url="") if command.alone else find(args.server)), screen
        )
    except (Detached, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt):
            screen.say()
        _print_document(args.json, error.job if isinstance(error, Detached) else base)
        return ending.DETACHED
    except BrokenPipeError:
        _unread()
        return ending.DONE
    except Exception as error:  # noqa: BLE001  the last resort: one line and an id, never a traceback with values
        told, code, more = _verdict(error, command, args)
        return _failed(screen, told, code, args.json, base | more)
    _print_document(args.json, document)
    return int(code)


def _verdict(error: Exception, command: Command, args: argparse.Namespace) -> tuple[Told, int, dict[str, Any]]:
    """What is told of a command that came to nothing, its exit code, and what its document has beside."""
    match error:
        case Refused() if error.told.error_id != "api.no-such-page" or not _another(args):
            return error.told, command.never or ending.code_of_refusal(error), {}
        case Unreachable():
            return error.told, command.never or ending.ERRORED, {}
        case Overtime():
            return Told.of(error), ending.TIMEOUT, error.job
        case UserError():
            return Told.of(error), command.never or ending.code_of(Told.of(error)), {}
        case _ if _another(args):
            return Told.of(UserError("cli.another-version")), ending.ERRORED, {}
        case _:
            return _unexpected(error), ending.ERRORED, {}


def _failed(screen: Screen, told: Told, code: int, as_json: bool, base: dict[str, Any]) -> int:
    if as_json:
        state = base.get("state")
        whole = ending.document(told, code, base)
        _print_document(True, whole | {"state": state} if code == ending.TIMEOUT else whole)
    ending.tell(screen, told)
    return code


def _print_document(wanted: bool, document: Any) -> None:
    if wanted and document is not None:
        shown = {key: value for key, value in document.items() if key != "seen"}
        _write(plain(json.dumps(shown, ensure_ascii=False)))


def _write(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # the exit code is told all the same
        _unread()


def _unread() -> None:
    """Whoever read us has enough: nothing is written any more, not at the interpreter's end either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _another(args: argparse.Namespace) -> bool:
    """Whether it was the platform of this machine that was asked, and another version of it runs."""
    elsewhere = getattr(args, "server", None) or os.environ.get("DZ_SERVER")
    return not elsewhere and source.runs_another(home())


def _unexpected(error: Exception) -> Told:
    incident = secrets.token_hex(4)
    handle, name = tempfile.mkstemp(prefix=f"dz-{incident}-", suffix=".log")
    with os.fdopen(handle, "w") as file:
        traceback.print_exception(error, file=file)
    detail = type(error).__name__
    return Told.of(UserError("cli.unexpected", detail=detail, incident=incident, file=Path(name)))
