"""Which processes a release has, and how a Procfile's line is started. Pure.

Web is the platform's own server; the others are the lines of the build config, each as often as the project's formation
says, once if it says nothing. A line is read as a shell would split it, and runs without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from dz.tasklib import proclines
from dz.tasklib.buildconfig import BuildConfig, parse

WEB = "web"
MOST = 20  # of one kind
FIRST = f"{WEB}.1"

# A second scheduler does everything twice: of these one runs per project, at every moment.
_SCHEDULERS = frozenset({"beat", "celerybeat", "celery-beat", "celery_beat", "clock", "cron", "scheduler"})
_COMMANDS = frozenset({"celerybeat", "rqscheduler", "runapscheduler"})  # a script's or manage.py's
_OPERATOR = re.compile(r"[();<>|&]+")
_ASGI_SERVER = re.compile(r"\b(uvicorn|daphne|hypercorn)\b")
_SETS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_RUNNERS = (("poetry", "run"), ("pipenv", "run"), ("pdm", "run"), ("uv", "run"), ("exec",))


def lines(build_config: str) -> dict[str, str]:
    """Every kind of process beside web, and its line."""
    return {name: line for name, line in parse(build_config).processes if name not in (WEB, "release")}


def serves_asgi(config: BuildConfig) -> bool:
    """Whether web is uvicorn: for a project that has nothing but an ASGI application, and one whose own web line starts
    a server of such."""
    web = dict(config.processes).get(WEB, "")
    return bool(config.asgi_application) and (not config.wsgi_application or bool(_ASGI_SERVER.search(web)))


def kind(process: str) -> str:
    """``worker`` of ``worker.2``."""
    return process.rpartition(".")[0]


def is_single(name: str, line: str = "") -> bool:
    """Whether at no moment two of them may run."""
    words = proclines.started(line)
    return name in _SCHEDULERS or not _COMMANDS.isdisjoint(words) or proclines.schedules(words)


def count(name: str, line: str, formation: Mapping[str, int]) -> int:
    """How many of that kind run."""
    wanted = max(0, min(MOST, formation.get(name, 1)))
    if name == WEB:
        return max(1, wanted)
    return min(1, wanted) if is_single(name, line) else wanted


def of(build_config: str, formation: Mapping[str, int]) -> tuple[str, ...]:
    """The names of a release's processes, ``web.1`` first."""
    kinds = {WEB: "", **lines(build_config)}
    return tuple(
        f"{name}.{number}" for name, line in kinds.items() for number in range(1, count(name, line, formation) + 1)
    )


def argv(line: str) -> tuple[list[str], str]:
    """The words that a line starts, or none and why it can't be started."""
    words = proclines.split(line)
    if words is None:
        return [], "its quotes do not close"
    shell = next((word for word in words if _OPERATOR.fullmatch(word) or "`" in word or "$(" in word), None)
    if shell is not None:
        return [], f"its line needs a shell ({shell}); put it into a script and start that"
    for runner in _RUNNERS:
        if tuple(words[: len(runner)]) == runner:
            words = words[len(runner) :]
    return (words, "") if any(not _SETS.match(word) for word in words) else ([], "its line names no command")


def celery_app(words: Sequence[str]) -> str | None:
    """What ``-A`` of a Celery command names; None for any other command."""
    if not proclines.is_celery(words):
        return None
    for place, word in enumerate(words):
        if word in ("-A", "--app") and place + 1 < len(words):
            return words[place + 1]
        if word.startswith("--app="):
            return word.partition("=")[2]
    return None


def celery_apps(started_by: Iterable[str]) -> list[str]:
    """The Celery applications of the processes of these lines."""
    found = {celery_app(argv(line)[0]) for line in started_by}
    return sorted(app for app in found if app is not None)
