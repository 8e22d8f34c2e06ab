"""The arguments of each command of ``dz``, as functions that add them to its parser."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

LEVELS = ("debug", "info", "warning", "error", "critical")
SHORTEST = 4  # letters of a commit
RELEASES = "its number or its commit; default: the last other version"
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def common(parser: argparse.ArgumentParser, *, local: bool) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, also on failure")
    if local:
        return
    parser.add_argument("-y", "--yes", action="store_true", help="ask nothing")
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help="stop waiting after that, with exit code 6; the job goes on: dz job JOB -f",
    )
    parser.add_argument("--server", metavar="URL", help="another platform than this machine's")
    parser.add_argument("--no-color", action="store_true", help="no colours")


def seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not 0 < found < 10**7:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return found


def count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**9:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def release(text: str) -> int | str:
    """Its number, as people write one (12, v12, r12, #12), or the beginning of its commit."""
    word = text.lower()
    number = word.lstrip("vr#")
    if number.isdecimal() and 0 < int(number) < 10**6:  # seven digits may be a commit
        return int(number)
    if SHORTEST <= len(word) <= 64 and set(word) <= set("0123456789abcdef"):
        return word
    raise argparse.ArgumentTypeError(f"{text} is no release: give its number, like 12, or its commit")


def project_name(text: str) -> str:
    from dz.names import ProjectName

    try:
        return ProjectName(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not {ProjectName.rule}") from None


def nothing(_: argparse.ArgumentParser) -> None:
    pass


def up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="where the platform answers; else from 8800 on")
    parser.add_argument("--domain", help="new projects are NAME under it, like example.org; default: localhost")


def doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fix", action="store_true", help="start what is down; as root: give bubblewrap what it needs")


def project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", type=_no_variable, help="the project")


def _no_variable(text: str) -> str:
    """Whoever forgets the project's name puts a value, a secret one perhaps, where it would be asked for and shown."""
    variable, sign, _ = text.partition("=")
    if sign:
        raise argparse.ArgumentTypeError(f"the project's name is missing before {variable}=")
    return text


def follow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cancel-on-interrupt", action="store_true", help="Ctrl-C cancels the job, for CI")


def target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="URL|NAME", nargs="?", help="default: the remote of this clone")
    parser.add_argument("--ref", default="", help="a branch, tag or commit")
    parser.add_argument("--name", type=project_name, help="what a new project is called")
    follow(parser)


def deploy(parser: argparse.ArgumentParser) -> None:
    target(parser)
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="K[=V]",
        help="a variable: K=V, K=@file, K=- (standard input), or K alone, asked for or taken from the environment",
    )
    parser.add_argument("--domain", action="append", default=[], metavar="DOMAIN", help="a hostname of your own")
    parser.add_argument("--env-file", action="append", default=[], metavar="FILE", help="variables of a .env file")
    parser.add_argument("--rebuild", action="store_true", help="build anew what was built before from the same commit")


def git(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("--remote", default="dz", help="what the remote is called; default: dz")


def jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", default="", help="only this project's")
    parser.add_argument("-n", type=count, default=20, metavar="N", help="how many")


def job(parser: argparse.ArgumentParser) -> None:
    number(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="watch it to its end")
    parser.add_argument("--log", action="store_true", help="its whole log")
    parser.add_argument("--search", metavar="TEXT", default="", help="with --log: only the lines that hold it")
    follow(parser)


def backup(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("backup", metavar="BACKUP", type=count, nargs="?", help="its number; default: the last one")


def restore(parser: argparse.ArgumentParser) -> None:
    backup(parser)
    parser.add_argument("--no-backup", action="store_true", help="do not back today's data up first: it is lost")


def download(parser: argparse.ArgumentParser) -> None:
    backup(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="default: NAME-BACKUP.dump in this folder")
    parser.add_argument("--files", action="store_true", help="the site's files instead of its database")


def psql(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("words", metavar="...", nargs=argparse.REMAINDER, help="arguments of psql's own")


def destroy(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("--no-backup", action="store_true", help="keep nothing of its data, not even for 30 days")


def number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=count, metavar="JOB", help="its number")


def completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "fish", "zsh"), help="bash, zsh or fish")


def logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", default="", help="the project")
    parser.add_argument("--service", metavar="S", default="", help="of the platform itself: panel, worker-build, nginx")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    parser.add_argument("-n", type=count, metavar="N", help="how many lines; default: 100, or all since a time")
    parser.add_argument("--process", default="", metavar="P", help="only of these: web, or web.1")
    parser.add_argument("--since", type=since, metavar="TIME", help="10m, 2h, 1d, or 2026-11-24T14:05")
    parser.add_argument("--level", default="", choices=LEVELS, help="only lines as grave as that, or graver")
    parser.add_argument("--release", type=count, metavar="N", help="only of that release, also if it failed")
    parser.add_argument("--search", default="", metavar="TEXT", help="only lines that hold it")


def since(text: str) -> str:
    """A time as the API takes it, from so long ago or from a time (of this machine, if it names no zone)."""
    ago = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    try:
        then = datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])}) if ago else datetime.fromisoformat(text)
        return then.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text} is no time: 90s, 10m, 2h, 1d, or 2026-11-24T14:05") from None


def domains_add(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("domains", metavar="DOMAIN", nargs="+", help="a host name, like www.example.org")
    follow(parser)


def domains_remove(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("domain", metavar="DOMAIN", help="one that was added")
    follow(parser)


def releases(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("-n", type=count, default=20, metavar="N", help="how many")


def rollback(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("release", metavar="RELEASE", type=release, nargs="?", help=RELEASES)
    parser.add_argument("--with-config", action="store_true", help="take that release's variables too")
    follow(parser)


def restart(parser: argparse.ArgumentParser) -> None:
    project(parser)
    follow(parser)


def run(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.usage = "%(prog)s NAME [options] -- manage.py ARGS..."


def admin_create(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("--username", help="make this one at once, with a password shown here once")
    parser.add_argument("--email", help="of that one; alone: of one called admin")


def scale(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("counts", metavar="PROCESS=N", nargs="*", type=many, help="how many of that process run")
    follow(parser)


def many(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not name or not number.isdecimal() or len(number) > 3:
        raise argparse.ArgumentTypeError(f"{text} is not PROCESS=N, like web=2")
    return name, int(number)


def variable(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("variable", metavar="KEY", help="the variable")


def leave(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("variables", metavar="KEY", nargs="+", help="what the project does without")


def changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-deploy", action="store_true", help="save it only; what is live goes on as it is")


def set_(parser: argparse.ArgumentParser) -> None:
    project(parser)
    how = "K (asked for, hidden), K=@file, K=- (standard input), or K=V"
    parser.add_argument("variables", metavar="K[=V]", nargs="+", help=how)
    changes(parser)


def unset(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("variables", metavar="KEY", nargs="+", help="the variables")
    changes(parser)


def import_(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("file", metavar="FILE", help="a .env file")
    changes(parser)
