"""The words of ``dz``: every command with its arguments, and what a mistyped one may have meant.

argparse, and a table of commands by their one or two words: ``dz job 42 -f`` lives beside ``dz job cancel 42``, which
nested parsers can't tell apart, and only the parser of the command that was asked for is made (docs/decisions/0004).
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from dz.errors import UserError

Add = Callable[[argparse.ArgumentParser], None]


class Parser(argparse.ArgumentParser):
    """Raises UserError where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        detail = message[:1].upper() + message[1:]
        raise UserError("cli.usage", detail=detail, command=self.prog.removeprefix("dz "))


@dataclass(frozen=True, slots=True)
class Command:
    """``local``: run by ``python -m dz.local`` as it stands; ``module`` and ``function`` are imported when needed."""

    words: str
    help: str
    add: Add
    runs: str = ""  # module.function under dz.cli
    local: bool = False

    def parser(self) -> Parser:
        parser = Parser(prog=f"dz {self.words}", description=self.help, allow_abbrev=False)
        self.add(parser)
        if not self.local:
            _common(parser)
        return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, also on failure")
    parser.add_argument("-y", "--yes", action="store_true", help="ask nothing")
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="stop waiting after that; the job goes on")
    parser.add_argument("--server", metavar="URL", help="another platform than this machine's")
    parser.add_argument("--no-color", action="store_true", help="no colours")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 10**7:
        raise ValueError
    return seconds


def _nothing(_: argparse.ArgumentParser) -> None:
    pass


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fix", action="store_true", help="as root: give bubblewrap what it needs here")


def _project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the project")


def _follow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cancel-on-interrupt", action="store_true", help="Ctrl-C cancels the job, for CI")


def _target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="URL|NAME", nargs="?", help="default: the remote of this clone")
    parser.add_argument("--ref", default="", help="a branch, tag or commit")
    parser.add_argument("--name", help="what a new project is called")
    _follow(parser)


def _deploy(parser: argparse.ArgumentParser) -> None:
    _target(parser)
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="K[=V]",
        help="a variable: K=V, K=@file, K=- (standard input), or K alone, asked for or taken from the environment",
    )
    parser.add_argument("--env-file", action="append", default=[], metavar="FILE", help="variables of a .env file")


def _jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", default="", help="only this project's")
    parser.add_argument("-n", type=int, default=20, metavar="N", help="how many")


def _job(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=int, metavar="JOB", help="its number")
    parser.add_argument("-f", "--follow", action="store_true", help="watch it to its end")
    parser.add_argument("--log", action="store_true", help="its whole log")
    _follow(parser)


def _cancel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=int, metavar="JOB", help="its number")


def _logs(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    parser.add_argument("-n", type=int, default=100, metavar="N", help="how many lines")


COMMANDS = {
    one.words: one
    for one in (
        Command("up", "Start the platform on this machine.", _nothing, local=True),
        Command("down", "Stop it; data stays.", _nothing, local=True),
        Command("status", "What runs, on which hosts.", _nothing, local=True),
        Command("doctor", "Check this machine, with the mend of each check.", _doctor, local=True),
        Command("check", "Look into a repository: what it is and needs.", _target, "deploying.check"),
        Command("deploy", "Make a repository a live site, or deploy it again.", _deploy, "deploying.deploy"),
        Command("jobs", "The latest jobs.", _jobs, "reports.jobs"),
        Command("job", "One job: its steps, its log.", _job, "reports.job"),
        Command("job cancel", "Stop a job before its switch.", _cancel, "reports.cancel"),
        Command("logs", "What a site writes.", _logs, "sitelog.logs"),
        Command("ps", "The processes of a project.", _project, "reports.ps"),
        Command("open", "The address of a site, in a browser if there is one.", _project, "reports.open_site"),
        Command("destroy", "Take a project away, with its database and files.", _project, "reports.destroy"),
        Command("admin link", "A one-time link that makes you administrator.", _nothing, local=True),
        Command("broker setup", "Declare the queues on the broker.", _nothing, local=True),
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


def find(argv: Sequence[str]) -> tuple[Command, list[str]]:
    """The command of these words and the words left over. Raises ``cli.unknown-command``, with what may be meant."""
    for count in (2, 1):
        command = COMMANDS.get(" ".join(argv[:count]))
        if command is not None:
            return command, list(argv[count:])
    word = argv[0]
    second = [words for words in COMMANDS if " " in words and words.split()[0] == word]
    near = second or difflib.get_close_matches(word, [words.split()[0] for words in COMMANDS], n=1, cutoff=0.5)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    raise UserError("cli.unknown-command", word=" ".join(argv[:2]) if second else word, hint=hint)


def overview() -> str:
    """``dz --help``."""
    lines = [f"  dz {words:<14} {command.help}" for words, command in COMMANDS.items()]
    return "\n".join(["Commands:", *lines, "", "dz COMMAND --help shows one."])
