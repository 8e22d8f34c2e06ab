"""The words of ``dz``, and that every ``next`` of the registry is made of them."""

from __future__ import annotations

import json
import re
import shlex
import string
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dz
from dz.cli import grammar
from dz.cli.commands import COMMANDS
from dz.errors import UserError
from dz.problems import Problem, registry

SAMPLES = {"release": "7", "job": "7", "options": "--env KEY", "command": "status", "variable": "KEY"}
WORDS = re.compile(r"\bdz ((?:[a-z]+|-{1,2}[a-z]+)(?: [^\s,;:()]+)*)")


class _Sample(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return SAMPLES.get(key, "shop")


def commands_in(text: str) -> list[list[str]]:
    """Every ``dz ...`` of a sentence, up to where its prose goes on."""
    filled = string.Formatter().vformat(text, (), _Sample())
    return [_up_to_prose(match[1].split()) for match in WORDS.finditer(filled)]


def _up_to_prose(words: list[str]) -> list[str]:
    count = 2 if " ".join(words[:2]) in COMMANDS else 1
    kept = words[:count]
    for word in words[count:]:
        word = word.rstrip(".")
        value = kept[-1] in ("--env", "--ref", "--name", "--server")
        if not (value or word.startswith("-") or word in ("7", "shop") or word.isupper()):
            break
        kept.append(word.lower() if kept[-1] == "--name" else word)  # OTHER stands for a name
    return kept


@pytest.mark.parametrize("problem", registry().values(), ids=lambda problem: problem.id)
def test_what_comes_next_is_a_command_that_exists(problem: Problem) -> None:
    for words in commands_in(problem.next):
        if words[0] == "--help":
            continue
        command, rest = grammar.find(words)
        if not command.local and "--help" not in rest:
            command.parser().parse_args(rest)


def test_the_examples_are_commands_that_exist() -> None:
    found = [line.split("  ")[1].split() for line in grammar.EXAMPLES.splitlines() if line.startswith("  dz ")]
    assert len(found) == 6
    for words in found:
        command, rest = grammar.find(words[1:])
        assert command.local or command.parser().parse_args(rest)


def test_a_job_is_shown_and_cancelled_by_commands_that_begin_alike() -> None:
    show, rest = grammar.find(["job", "42", "-f"])
    assert (show.words, show.parser().parse_args(rest).follow) == ("job", True)
    cancel, rest = grammar.find(["job", "cancel", "42"])
    assert (cancel.words, cancel.parser().parse_args(rest).job) == ("job cancel", 42)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("delpoy", "`deploy`"),
        ("destory", "`destroy`"),
        ("log", "`logs`"),
        ("admin", "`admin link` or `admin create`"),
        ("db bakup", "`db backup`"),
        ("db", "`db info` or `db backup` or `db restore` or `db download` or `db psql`"),
        ("config:set", "`env set`"),
        ("config:remove", "`env`"),
        ("pg:psql", "`db psql`"),
        ("pg:backups:capture", "`db backup`"),
        ("pg:reset", "`db info`"),
        ("ps:scale", "`scale`"),
        ("apps:create", "`deploy`"),
        ("domains:add", "`domains add`"),
        ("stop", "`deactivate`"),
    ],
)
def test_a_mistyped_command_is_named_and_not_run(typed: str, meant: str) -> None:
    with pytest.raises(UserError) as told:
        grammar.find(typed.split())
    assert told.value.brief == f"No command `{typed}`. Did you mean {meant}?"


@pytest.mark.parametrize(
    "typed", ["addons:create", ":", ":set", "run:detached", "a:destroy", "--:env", "admin:x", "job:y"]
)
def test_what_is_like_nothing_of_ours_is_led_to_a_command_that_there_is_or_nowhere(typed: str) -> None:
    assert set(grammar._near(typed)) <= set(COMMANDS)


def test_what_other_platforms_call_a_command_leads_to_one_that_there_is() -> None:
    assert set(grammar.ELSEWHERE.values()) <= set(COMMANDS) and not set(grammar.ELSEWHERE) & set(COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ["job", "many"],
        ["deploy", "--colour"],
        ["destroy"],
        ["jobs", "--timeout", "-3"],
        ["deploy", "--timeout", "soon"],
    ],
)
def test_wrong_use_names_the_command_to_look_at(words: list[str]) -> None:
    command, rest = grammar.find(words)
    with pytest.raises(UserError) as told:
        command.parser().parse_args(rest)
    assert told.value.id == "cli.usage"
    assert told.value.next == f"dz {words[0]} --help shows how it is used."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("logs shop --level loud", "--level can't be loud; it is one of debug, info, warning, error, critical."),
        ("logs shop --sicne 1h", "Not understood: --sicne 1h (did you mean --since?)."),
        ("logs shop -t", "Not understood: -t (did you mean -f?)."),
        ("logs shop --tail", "Not understood: --tail (did you mean -f?)."),
        ("logs shop --num 5", "Not understood: --num 5 (did you mean -n?)."),
        ("jobs --tail", "Not understood: --tail."),
        ("deploy shop --reff main", "Not understood: --reff main (did you mean --ref?)."),
        (
            "run shop manage.py check",
            "Not understood: manage.py check (a command stands after --: dz run shop -- manage.py check).",
        ),
        (
            "run shop python manage.py shell -c 'print(1)'",
            "Not understood: python manage.py shell -c print(1) "
            "(a command stands after --: dz run shop -- python manage.py shell -c 'print(1)').",
        ),
        (
            "run --timeout 5 shop manage.py check",
            "Not understood: manage.py check (a command stands after --: dz run --timeout 5 shop -- manage.py check).",
        ),
        (
            "run python manage.py check",
            "Not understood: manage.py check (a command stands after --: dz run NAME -- python manage.py check).",
        ),
        ("status now", "Not understood: now."),
        ("scale shop web=q", "PROCESS=N: web=q is not PROCESS=N, like web=2."),
        ("env set shop", "Missing: K[=V]."),
        ("env set VAT_RATE=19", "NAME: the project's name is missing before VAT_RATE=."),
        ("env set API_KEY=sk-1 VAT_RATE=19", "NAME: the project's name is missing before API_KEY=."),
    ],
)
def test_what_is_wrong_with_a_word_is_said_in_our_own(words: str, said: str) -> None:
    command, rest = grammar.find(shlex.split(words))
    with pytest.raises(UserError) as told:
        grammar.parser_of(command).parse_args(rest)
    assert told.value.brief == said


def test_variables_may_be_given_many_times() -> None:
    command, rest = grammar.find(["deploy", "shop", "--env", "A=1", "--env", "B", "--env-file", ".env", "--ref", "v1"])
    args = command.parser().parse_args(rest)
    assert (args.target, args.env, args.env_file, args.ref) == ("shop", ["A=1", "B"], [".env"], "v1")


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.words)
def test_every_command_shows_examples_that_it_understands(command: grammar.Command) -> None:
    assert command.examples
    for example in command.examples:
        found, rest = grammar.find(example.split())
        found.parser().parse_args(rest)
        assert found.words.split()[0] == command.words.split()[0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--help", "broker setup"),
        ("help", "broker setup"),
        ("admin --help", "admin link"),
        ("broker -h", "broker setup"),
        ("job --help", "job cancel 42"),
        ("help job cancel", "job cancel 42"),
        ("job --help", "Stop a job before its switch."),
        ("up --help", "--listen"),
        ("--version", "DjangoZoom"),
    ],
)
def test_help_is_an_answer_and_no_error(words: str, says: str) -> None:
    ran = subprocess.run([sys.executable, "-m", "dz.cli", *words.split()], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert says in ran.stdout


def test_every_command_stands_on_its_page_and_no_other() -> None:
    page = (Path(dz.__file__).parents[2] / "docs/cli.md").read_text()
    told = {grammar.find(line.split())[0].words for line in re.findall(r"`dz ([a-z][^`]*)`", page)}
    assert set(COMMANDS) - told == set()


def test_the_version_is_the_packages() -> None:
    project = tomllib.loads((Path(dz.__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert dz.__version__ == project["version"]


def test_wrong_use_of_a_local_command_is_one_document_too() -> None:
    ran = subprocess.run([sys.executable, "-m", "dz.cli", "down", "--wat", "--json"], capture_output=True, check=False)
    assert (ran.returncode, json.loads(ran.stdout)["error_id"]) == (2, "cli.usage")
