"""The words of ``dz``: every command, and what a mistyped one may have meant.

argparse, and a table of commands by their one or two words: ``dz job 42 -f`` lives beside ``dz job cancel 42``, which
nested parsers can't tell apart, and only the parser of the command that was asked for is made (docs/decisions/0004).
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from dz.cli import arguments
from dz.errors import UserError
from dz.typed import typed

Add = Callable[[argparse.ArgumentParser], None]


class Parser(argparse.ArgumentParser):
    """Raises UserError where argparse would print and exit."""

    def __init__(self, command: Command) -> None:
        super().__init__(
            prog=typed(f"dz {command.words}"),
            description=command.help,
            epilog=typed("\n".join([*_begun(command), "examples:", *(f"  dz {one}" for one in command.examples)])),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._words = command.words
        self._passes = command.passes

    def parse_args(self, args: Sequence[str], namespace: None = None) -> argparse.Namespace:  # type: ignore[override]
        """What stands after ``--`` is another program's, where the command runs one."""
        at = list(args).index("--") if self._passes and "--" in args else len(args)
        found = super().parse_args(args[:at], namespace)
        if self._passes:
            found.command = list(args[at + 1 :])
        return found

    def error(self, message: str) -> NoReturn:
        detail = message[:1].upper() + message[1:]
        raise UserError("cli.usage", detail=detail, command=self._words)


def _begun(command: Command) -> list[str]:
    """The commands that begin like this one, for its help."""
    lines = [
        f"  dz {one.words:<14} {one.help}" for one in COMMANDS.values() if one.words.startswith(f"{command.words} ")
    ]
    return ["and:", *lines, ""] if lines else []


@dataclass(frozen=True, slots=True)
class Command:
    """``local``: run by ``python -m dz.local`` as it was typed; else ``runs`` is imported when needed."""

    words: str
    help: str
    add: Add
    runs: str = ""  # module.function under dz.cli
    local: bool = False
    passes: bool = False  # the words after -- are its attribute ``command``
    never: int | None = None  # how it ends when it never came to do anything, whatever stopped it
    examples: tuple[str, ...] = ()  # without the leading dz

    def parser(self) -> Parser:
        parser = Parser(self)
        self.add(parser)
        arguments.common(parser, local=self.local)
        return parser


COMMANDS = {
    one.words: one
    for one in (
        Command(
            "up",
            "Start the platform on this machine.",
            arguments.up,
            local=True,
            examples=("up", "up --listen 127.0.0.1:8080"),
        ),
        Command("down", "Stop it; data stays.", arguments.nothing, local=True, examples=("down",)),
        Command(
            "status", "What runs, on which hosts.", arguments.nothing, local=True, examples=("status", "status --json")
        ),
        Command(
            "doctor",
            "Check this machine, with the mend of each check.",
            arguments.doctor,
            local=True,
            examples=("doctor", "doctor --fix"),
        ),
        Command(
            "check",
            "Look into a repository: what it is and needs.",
            arguments.target,
            "deploying.check",
            examples=("check https://github.com/ada/shop", "check . --json"),
        ),
        Command(
            "deploy",
            "Make a repository a live site, or deploy it again.",
            arguments.deploy,
            "deploying.deploy",
            examples=(
                "deploy https://github.com/ada/shop",
                "deploy https://github.com/ada/shop --ref v2 --env STRIPE_API_KEY",
                "deploy shop",
                "deploy .",
            ),
        ),
        Command("jobs", "The latest jobs.", arguments.jobs, "reports.jobs", examples=("jobs", "jobs shop -n 5")),
        Command(
            "job",
            "One job: its steps, its log.",
            arguments.job,
            "reports.job",
            examples=("job 42", "job 42 -f", "job 42 --log", "job 42 --log --search Error", "job cancel 42"),
        ),
        Command(
            "job cancel",
            "Stop a job before its switch.",
            arguments.number,
            "reports.cancel",
            examples=("job cancel 42",),
        ),
        Command(
            "logs",
            "What a site writes.",
            arguments.logs,
            "sitelog.logs",
            examples=("logs shop -f", "logs shop --since 10m --level error", "logs shop --process worker --release 13"),
        ),
        Command(
            "releases",
            "A project's releases: what was live, and why.",
            arguments.releases,
            "releases.releases",
            examples=("releases shop", "releases shop -n 5"),
        ),
        Command(
            "rollback",
            "Go back to an old release, without a build.",
            arguments.rollback,
            "releases.rollback",
            examples=("rollback shop", "rollback shop 12", "rollback shop 12 --with-config"),
        ),
        Command(
            "restart",
            "Start what is live anew, without a request lost.",
            arguments.restart,
            "releases.restart",
            examples=("restart shop",),
        ),
        Command(
            "env",
            "A project's variables: what is set, what is read.",
            arguments.project,
            "variables.env",
            examples=("env shop", "env set shop STRIPE_API_KEY", "env unset shop STRIPE_API_KEY"),
        ),
        Command(
            "env get", "One value.", arguments.variable, "variables.env_get", examples=("env get shop STRIPE_API_KEY",)
        ),
        Command(
            "env set",
            "Set variables, and run what is live with them.",
            arguments.set_,
            "variables.env_set",
            examples=("env set shop STRIPE_API_KEY", "env set shop CERT=@cert.pem", "env set shop LANG=de --no-deploy"),
        ),
        Command(
            "env unset",
            "Take variables away.",
            arguments.unset,
            "variables.env_unset",
            examples=("env unset shop STRIPE_API_KEY",),
        ),
        Command(
            "env import",
            "Set what a .env file has, after a preview.",
            arguments.import_,
            "variables.env_import",
            examples=("env import shop .env", "env import shop .env --yes"),
        ),
        Command(
            "run",
            "A command in the live release, with a terminal if there is one here.",
            arguments.run,
            "attaching.run",
            passes=True,
            never=125,
            examples=(
                "run shop -- manage.py createsuperuser",
                "run shop -- manage.py shell",
                "run shop -- manage.py dumpdata > shop.json",
                "run shop -- python -m pip list",
            ),
        ),
        Command(
            "db info",
            "A project's database and its backups.",
            arguments.project,
            "data.db_info",
            examples=("db info shop",),
        ),
        Command(
            "db backup",
            "Back up the database and the files now.",
            arguments.project,
            "data.db_backup",
            examples=("db backup shop",),
        ),
        Command(
            "db restore",
            "Go back to a backup's data, without a request lost.",
            arguments.backup,
            "data.db_restore",
            examples=("db restore shop", "db restore shop 7", "db restore shop 7 --yes"),
        ),
        Command(
            "db download",
            "Write a backup into a file.",
            arguments.download,
            "data.db_download",
            examples=("db download shop", "db download shop 7 -o shop.dump", "db download shop --files"),
        ),
        Command(
            "db psql",
            "psql in a project's database, on the platform's machine.",
            arguments.psql,
            local=True,
            examples=("db psql shop", "db psql shop -c 'SELECT count(*) FROM auth_user'"),
        ),
        Command(
            "ps",
            "The processes of a project: how each is, and how it ended last.",
            arguments.project,
            "processes.ps",
            examples=("ps shop",),
        ),
        Command(
            "scale",
            "How many of each process run; without counts: what there is.",
            arguments.scale,
            "processes.scale",
            examples=("scale shop", "scale shop web=2", "scale shop web=2 worker=0"),
        ),
        Command(
            "open",
            "The address of a site, in a browser if there is one.",
            arguments.project,
            "reports.open_site",
            examples=("open shop",),
        ),
        Command(
            "deactivate",
            "Let a project rest: nothing of it runs, all that it has stays.",
            arguments.restart,
            "resting.deactivate",
            examples=("deactivate shop",),
        ),
        Command(
            "activate", "Wake a project that rests.", arguments.restart, "resting.activate", examples=("activate shop",)
        ),
        Command(
            "destroy",
            "Take a project away, with its database and files.",
            arguments.destroy,
            "reports.destroy",
            examples=("destroy shop", "destroy shop --yes", "destroy shop --no-backup"),
        ),
        Command(
            "admin link",
            "A one-time link that makes you administrator.",
            arguments.nothing,
            local=True,
            examples=("admin link",),
        ),
        Command(
            "admin create",
            "An administrator of a project's own admin, with a password shown once.",
            arguments.admin_create,
            "attaching.admin_create",
            examples=("admin create shop", "admin create shop --username ada --email ada@example.org"),
        ),
        Command(
            "broker setup",
            "Declare the queues on the broker.",
            arguments.nothing,
            local=True,
            examples=("broker setup",),
        ),
    )
}

EXAMPLES = """dz: give it a Git URL, get a live Django site

  dz up                                   start the platform on this machine
  dz check https://github.com/ada/shop    what it would need
  dz deploy https://github.com/ada/shop   make it live
  dz jobs                                 what happened lately
  dz logs shop -f                         what the site writes
  dz status                               what runs, on which hosts

dz --help lists all commands; dz COMMAND --help shows one."""

HELP = ("-h", "--help", "help")


def find(argv: Sequence[str]) -> tuple[Command, list[str]]:
    """The command of these words and the words left over. Raises ``cli.unknown-command``, with what may be meant."""
    for count in (2, 1):
        command = COMMANDS.get(" ".join(argv[:count]))
        if command is not None:
            return command, list(argv[count:])
    word = argv[0]
    second = [words for words in COMMANDS if words.startswith(f"{word} ")]
    near = second or difflib.get_close_matches(word, [words.split()[0] for words in COMMANDS], n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    if word.startswith("-"):
        hint = " Options stand after the command."
    raise UserError("cli.unknown-command", word=" ".join(argv[:2]) if second else word, hint=hint)


def help_of(words: Sequence[str]) -> str:
    """What ``dz WORDS --help`` shows: a command, the commands that begin with a word, or all."""
    begun = [one for one in COMMANDS.values() if words and one.words.startswith(f"{words[0]} ")]
    if words and not (begun and len(words) == 1 and words[0] not in COMMANDS):
        return find(words)[0].parser().format_help().rstrip()
    lines = [f"  dz {one.words:<14} {one.help}" for one in begun or COMMANDS.values()]
    return typed("\n".join(["Commands:", *lines, "", "dz COMMAND --help shows one."]))
