"""Values of variables: from the command line, files, standard input, the environment, or asked for hidden.

``K=V`` is the only form that puts a value into argv, where other users of the machine could see it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path

from dz.errors import UserError
from dz.names import EnvName


def collect(words: Sequence[str], files: Sequence[str], *, ask: bool) -> dict[str, str]:
    """All values that ``--env`` and ``--env-file`` give; a later one wins. Raises UserError."""
    found: dict[str, str] = {}
    for file in files:
        found |= _file(file)
    for word in words:
        name, equals, value = word.partition("=")
        found[_name(name)] = _given(name, value) if equals else _alone(name, ask=ask)
    return found


def ask_for(name: str) -> str:
    """Ask on the terminal without showing what is typed. An empty value is a value."""
    return getpass(f"{name}: ", stream=sys.stderr)


def can_ask() -> bool:
    return sys.stdin.isatty()


def agreed(*, default: bool) -> bool:
    """The answer to a question of yes or no that was just put on the screen."""
    said = sys.stdin.readline().strip().lower()
    return default if not said else said in ("y", "yes")


def _given(name: str, value: str) -> str:
    if value == "-":
        if given := sys.stdin.read().removesuffix("\n"):
            return given
        raise UserError("cli.empty-input", variable=name)  # of a command before it that failed, more likely than meant
    if value.startswith("@"):
        return _read(value[1:]).removesuffix("\n")
    return value


def _alone(name: str, *, ask: bool) -> str:
    if name in os.environ:
        return os.environ[name]
    if not (ask and can_ask()):
        raise UserError("cli.no-value", variable=name)
    return ask_for(name)


def _file(path: str) -> dict[str, str]:
    from dz import envfile

    return {_name(name): value for name, value in envfile.parse(_read(path)).items()}


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UserError("cli.unreadable", file=path, reason=reason) from None


def _name(text: str) -> str:
    try:
        return EnvName(text)
    except ValueError:
        raise UserError("project.bad-variable", name=repr(text), rule=EnvName.rule) from None
