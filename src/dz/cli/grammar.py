"""Which command was meant, and what one that was mistyped may have meant.

argparse, and a table of commands by their one or two words: ``dz job 42 -f`` lives beside ``dz job cancel 42``, which
nested parsers can't tell apart, and only the parser of the command that was asked for is made (docs/decisions/0004).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from dz.cli.command import Command, Parser
from dz.cli.commands import COMMANDS
from dz.errors import UserError
from dz.typed import typed

EXAMPLES = """dz: give it a Git URL, get a live Django site

  dz up                                   start the platform on this machine
  dz check https://github.com/ada/shop    what it would need
  dz deploy https://github.com/ada/shop   make it live
  dz jobs                                 what happened lately
  dz logs shop -f                         what the site writes
  dz status                               what runs, on which hosts

dz --help lists all commands; dz COMMAND --help shows one."""

# What Heroku, Dokku, Fly and Kamal call it, where no spelling would lead there.
ELSEWHERE = {
    "app": "projects",
    "apps": "projects",
    "backup": "db backup",
    "config": "env",
    "console": "run",
    "create": "deploy",
    "delete": "destroy",
    "exec": "run",
    "info": "projects",
    "init": "git",
    "launch": "deploy",
    "list": "projects",
    "ls": "projects",
    "pg": "db info",
    "postgres": "db info",
    "psql": "db psql",
    "redeploy": "restart",
    "remove": "destroy",
    "restore": "db restore",
    "rm": "destroy",
    "secrets": "env",
    "shell": "run",
    "ssh": "run",
    "start": "activate",
    "stop": "deactivate",
    "tail": "logs",
    "vars": "env",
}
HELP = ("-h", "--help", "help")


def find(argv: Sequence[str]) -> tuple[Command, list[str]]:
    """The command of these words and the words left over. Raises ``cli.unknown-command``, with what may be meant."""
    for count in (2, 1):
        command = COMMANDS.get(" ".join(argv[:count]))
        if command is not None:
            return command, list(argv[count:])
    word = argv[0]
    second = [words for words in COMMANDS if words.startswith(f"{word} ")]
    near = second or _near(word)
    if len(argv) > 1:
        near = difflib.get_close_matches(" ".join(argv[:2]), second, n=1) or near
    hint = f" Did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else ""
    if word.startswith("-"):
        hint = " Options stand after the command."
    raise UserError("cli.unknown-command", word=" ".join(argv[:2]) if second else word, hint=hint)


def _near(word: str) -> list[str]:
    """The command that is spelled nearly so, or that other platforms call so (``heroku config:set``)."""
    noun, verb = (*word.split(":"), "")[:2]
    known = ELSEWHERE.get(noun, noun)
    group = known.partition(" ")[0]
    of_it = [words for words in COMMANDS if words.startswith(f"{group} ")]
    if verb and of_it:
        near = difflib.get_close_matches(f"{group} {verb}", of_it, n=1, cutoff=0.8)
        return near or ([known] if known in COMMANDS else of_it[:1])
    if verb in COMMANDS and (noun in ELSEWHERE or noun in COMMANDS):
        return [verb]
    if noun in ELSEWHERE:
        return [ELSEWHERE.get(verb, known) if known == "projects" else known]
    return difflib.get_close_matches(word, [words.split()[0] for words in COMMANDS], n=1)


def parser_of(command: Command) -> Parser:
    """Its help names the commands that begin like it."""
    return command.parser([one for one in COMMANDS.values() if one.words.startswith(f"{command.words} ")])


def help_of(words: Sequence[str]) -> str:
    """What ``dz WORDS --help`` shows: a command, the commands that begin with a word, or all."""
    begun = [one for one in COMMANDS.values() if words and one.words.startswith(f"{words[0]} ")]
    if words and not (begun and len(words) == 1 and words[0] not in COMMANDS):
        return parser_of(find(words)[0]).format_help().rstrip()
    lines = map(Command.line, begun or COMMANDS.values())
    return typed("\n".join(["Commands:", *lines, "", "dz COMMAND --help shows one."]))
