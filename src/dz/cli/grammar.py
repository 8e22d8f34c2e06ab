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
from dz.typed import typed

Add = Callable[[argparse.ArgumentParser], None]


class Parser(argparse.ArgumentParser):
    """Raises UserError where argparse would print and exit."""

    def __init__(self, command: Command) -> None:
        super().__init__(
            prog=typed(f"dz {command.words}"),
            description=command.help,
            epilog=typed("\n".join(["examples:", *(f"  dz {one}" for one in command.examples)])),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._words = command.words

    def error(self, message: str) -> NoReturn:
        detail = message[:1].upper() + message[1:]
        raise UserError("cli.usage", detail=detail, command=self._words)


@dataclass(frozen=True, slots=True)
class Command:
    """``local``: run by ``python -m dz.local`` as it was typed; else ``runs`` is imported when needed."""

    words: str
    help: str
    add: Add
    runs: str = ""  # module.function under dz.cli
    local: bool = False
    examples: tuple[str, ...] = ()  # without the leading dz

    def parser(self) -> Parser:
        parser = Parser(self)
        self.add(parser)
        _common(parser, local=self.local)
        return parser


def _common(parser: argparse.ArgumentParser, *, local: bool) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, also on failure")
    if local:
        return
    parser.add_argument("-y", "--yes", action="store_true", help="ask nothing")
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="stop waiting after that; the job goes on")
    parser.add_argument("--server", metavar="URL", help="another platform than this machine's")
    parser.add_argument("--no-color", action="store_true", help="no colours")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 10**7:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return seconds


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**9:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def _nothing(_: argparse.ArgumentParser) -> None:
    pass


def _up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="where the platform answers; else from 8800 on")


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
    parser.add_argument("-n", type=_count, default=20, metavar="N", help="how many")


def _job(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="watch it to its end")
    parser.add_argument("--log", action="store_true", help="its whole log")
    _follow(parser)


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=_count, metavar="JOB", help="its number")


def _logs(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    parser.add_argument("-n", type=_count, default=100, metavar="N", help="how many lines")


def _releases(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("-n", type=int, default=20, metavar="N", help="how many")


def _rollback(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("release", metavar="RELEASE", type=int, nargs="?", help="default: the last other version")
    parser.add_argument("--with-config", action="store_true", help="take that release's variables too")
    _follow(parser)


def _restart(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    _follow(parser)


def _variable(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("variable", metavar="KEY", help="the variable")


def _changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-deploy", action="store_true", help="save it only; what is live goes on as it is")


def _set(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    how = "K (asked for, hidden), K=@file, K=- (standard input), or K=V"
    parser.add_argument("variables", metavar="K[=V]", nargs="+", help=how)
    _changes(parser)


def _unset(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("variables", metavar="KEY", nargs="+", help="the variables")
    _changes(parser)


def _import(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("file", metavar="FILE", help="a .env file")
    _changes(parser)


COMMANDS = {
    one.words: one
    for one in (
        Command(
            "up",
            "Start the platform on this machine.",
            _up,
            local=True,
            examples=("up", "up --listen 127.0.0.1:8080"),
        ),
        Command("down", "Stop it; data stays.", _nothing, local=True, examples=("down",)),
        Command("status", "What runs, on which hosts.", _nothing, local=True, examples=("status", "status --json")),
        Command(
            "doctor",
            "Check this machine, with the mend of each check.",
            _doctor,
            local=True,
            examples=("doctor", "doctor --fix"),
        ),
        Command(
            "check",
            "Look into a repository: what it is and needs.",
            _target,
            "deploying.check",
            examples=("check https://github.com/ada/shop", "check . --json"),
        ),
        Command(
            "deploy",
            "Make a repository a live site, or deploy it again.",
            _deploy,
            "deploying.deploy",
            examples=(
                "deploy https://github.com/ada/shop",
                "deploy https://github.com/ada/shop --ref v2 --env STRIPE_API_KEY",
                "deploy shop",
                "deploy .",
            ),
        ),
        Command("jobs", "The latest jobs.", _jobs, "reports.jobs", examples=("jobs", "jobs shop -n 5")),
        Command(
            "job",
            "One job: its steps, its log.",
            _job,
            "reports.job",
            examples=("job 42", "job 42 -f", "job 42 --log", "job cancel 42"),
        ),
        Command("job cancel", "Stop a job before its switch.", _number, "reports.cancel", examples=("job cancel 42",)),
        Command("logs", "What a site writes.", _logs, "sitelog.logs", examples=("logs shop", "logs shop -f -n 20")),
        Command(
            "releases",
            "A project's releases: what was live, and why.",
            _releases,
            "releases.releases",
            examples=("releases shop", "releases shop -n 5"),
        ),
        Command(
            "rollback",
            "Go back to an old release, without a build.",
            _rollback,
            "releases.rollback",
            examples=("rollback shop", "rollback shop 12", "rollback shop 12 --with-config"),
        ),
        Command(
            "restart",
            "Start what is live anew, without a request lost.",
            _restart,
            "releases.restart",
            examples=("restart shop",),
        ),
        Command(
            "env",
            "A project's variables: what is set, what is read.",
            _project,
            "variables.env",
            examples=("env shop", "env set shop STRIPE_API_KEY", "env unset shop STRIPE_API_KEY"),
        ),
        Command("env get", "One value.", _variable, "variables.env_get", examples=("env get shop STRIPE_API_KEY",)),
        Command(
            "env set",
            "Set variables, and run what is live with them.",
            _set,
            "variables.env_set",
            examples=("env set shop STRIPE_API_KEY", "env set shop CERT=@cert.pem", "env set shop LANG=de --no-deploy"),
        ),
        Command(
            "env unset",
            "Take variables away.",
            _unset,
            "variables.env_unset",
            examples=("env unset shop STRIPE_API_KEY",),
        ),
        Command(
            "env import",
            "Set what a .env file has, after a preview.",
            _import,
            "variables.env_import",
            examples=("env import shop .env", "env import shop .env --yes"),
        ),
        Command("ps", "The processes of a project.", _project, "reports.ps", examples=("ps shop",)),
        Command(
            "open",
            "The address of a site, in a browser if there is one.",
            _project,
            "reports.open_site",
            examples=("open shop",),
        ),
        Command(
            "destroy",
            "Take a project away, with its database and files.",
            _project,
            "reports.destroy",
            examples=("destroy shop", "destroy shop --yes"),
        ),
        Command(
            "admin link",
            "A one-time link that makes you administrator.",
            _nothing,
            local=True,
            examples=("admin link",),
        ),
        Command("broker setup", "Declare the queues on the broker.", _nothing, local=True, examples=("broker setup",)),
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
