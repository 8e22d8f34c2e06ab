"""One command of ``dz``: its words, its arguments, and what runs it."""

from __future__ import annotations

import argparse
import difflib
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from dz.cli import arguments
from dz.errors import UserError
from dz.typed import typed

Add = Callable[[argparse.ArgumentParser], None]


class Parser(argparse.ArgumentParser):
    """Raises UserError where argparse would print and exit."""

    def __init__(self, command: Command, beside: Sequence[Command]) -> None:
        more = ["and:", *map(Command.line, beside), ""] if beside else []
        super().__init__(
            prog=typed(f"dz {command.words}"),
            description=command.help,
            epilog=typed("\n".join([*more, "examples:", *(f"  dz {one}" for one in command.examples)])),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._words = command.words
        self._passes = command.passes
        self._typed: Sequence[str] = ()

    def parse_args(self, args: Sequence[str], namespace: None = None) -> argparse.Namespace:  # type: ignore[override]
        """What stands after ``--`` is another program's, where the command runs one."""
        at = list(args).index("--") if self._passes and "--" in args else len(args)
        self._typed = args[:at]
        found = super().parse_args(args[:at], namespace)
        if self._passes:
            found.command = list(args[at + 1 :])
        return found

    def error(self, message: str) -> NoReturn:
        raise UserError("cli.usage", detail=self._told(message), command=self._words)

    def _told(self, message: str) -> str:
        """argparse's sentence in our words; one that we don't know stays as it is."""
        if found := re.fullmatch(r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)", message):
            name, value, choices = (part.replace("'", "") for part in found.groups())
            return f"{name} can't be {value}; it is one of {choices}"
        if found := re.fullmatch(r"the following arguments are required: (.+)", message):
            return f"Missing: {found[1]}"
        if found := re.fullmatch(r"unrecognized arguments: (.+)", message):
            if self._passes and not found[1].startswith("-"):
                return f"Not understood: {found[1]} (a command stands after --: {self._passing(found[1])})"
            word = re.split("[= ]", found[1])[0]
            meant = [ELSEWHERE[word]] if ELSEWHERE.get(word) in self._option_string_actions else []
            near = meant or difflib.get_close_matches(word, self._option_string_actions, n=1)
            return f"Not understood: {found[1]}" + (f" (did you mean {near[0]}?)" if near else "")
        return message.removeprefix("argument ")

    def _passing(self, unknown: str) -> str:
        """The line with its ``--``, as it runs when pasted. A project called as a command is called is one left out."""
        first = next((one for one in self._typed if unknown.startswith(one)), unknown)
        at = list(self._typed).index(first) if first in self._typed else len(self._typed)
        before, command = list(self._typed[:at]), list(self._typed[at:])
        if before and _RUNS.match(before[-1]):
            before, command = ["NAME"], [before[-1], *command]
        return shlex.join(["dz", *self._words.split(), *before, "--", *command])


_RUNS = re.compile(r"python[0-9.]*$|(?:\./)?manage\.py$|django-admin$")
# What Heroku and others call it, where no spelling would lead there.
ELSEWHERE = {"-t": "-f", "--tail": "-f", "--num": "-n", "--lines": "-n", "--ps": "--process", "--confirm": "--yes"}


@dataclass(frozen=True, slots=True)
class Command:
    """``local``: run by ``python -m dz.local`` as it was typed; else ``runs`` is imported when needed."""

    words: str
    help: str
    add: Add
    runs: str = ""  # module.function under dz.cli
    local: bool = False
    alone: bool = False  # asks no platform
    passes: bool = False  # the words after -- are its attribute ``command``
    never: int | None = None  # how it ends when it never came to do anything, whatever stopped it
    examples: tuple[str, ...] = ()  # without the leading dz

    def line(self) -> str:
        """As lists of commands have it."""
        return f"  dz {self.words:<14} {self.help}"

    def parser(self, beside: Sequence[Command] = ()) -> Parser:
        """``beside``: commands that begin alike, for its help."""
        parser = Parser(self, beside)
        self.add(parser)
        arguments.common(parser, local=self.local)
        return parser
