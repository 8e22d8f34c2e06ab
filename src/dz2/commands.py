"""Commands that people run in a live release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from dz.errors import UserError
from dz2 import engine, releases
from dz2.advancing import hold, known
from dz2.models import Job, JobState, Project
from dz2.terminals import KIND

MOST, MOST_IN_ALL = 10, 20  # at once of one project, and on the platform: each holds two connections to zoomdb
LONGEST = 32 * 1024  # bytes of a command line
STOPS = ("destroy", "deactivate")  # kinds of jobs that no command outlives
PROGRAMS = ("manage.py", "python", "admin")  # the last is ours: the first administrator, see dz_guest/admin.py


def run(
    project: Project,
    command: Sequence[str],
    *,
    attached: bool,
    terminal: bool = False,
    size: tuple[int, int] = (24, 80),
    term: str = "",
    by: Any = None,
) -> Job:
    """A job that runs it. ``attached``: once its typist is at the relay; else its output is in the log alone, and it
    has no input. Raises UserError."""
    program, argv = checked(project, command)
    params = {
        "program": program,
        "argv": argv,
        "attached": attached,
        "terminal": attached and terminal,
        "size": list(size),
        "term": term,
    }
    with transaction.atomic():  # what is looked at stays so until the job is there
        project = hold(project)
        releases.live(project)
        releases.refuse_resting(project)
        _refuse_stopping(project)
        _refuse_many(project)
        return engine.accept(known(None)[KIND], project, params, by=by)


def end_all(project: Project) -> None:
    """Nobody types on in a project that goes or rests. In the transaction that writes so, in which the project is
    held: whoever begins a command meanwhile waits for it, and is refused."""
    for job in _running().filter(project=project).values_list("pk", flat=True):
        engine.cancel(job)


def _running() -> QuerySet[Job]:
    return Job.objects.filter(kind=KIND).exclude(state__in=JobState.terminal())


def _refuse_stopping(project: Project) -> None:
    """A job that will stop the project may wait behind another one; what was begun meanwhile would die of it."""
    stopping = project.jobs.filter(kind__in=STOPS).exclude(state__in=JobState.terminal()).first()
    if stopping is not None:
        raise UserError("run.stopping", name=project.name, job=stopping.pk)


def _refuse_many(project: Project) -> None:
    own, all_ = _running().filter(project=project).count(), _running().count()
    if own >= MOST:
        raise UserError("run.too-many", count=own, place=f"in {project.name}")
    if all_ >= MOST_IN_ALL:
        raise UserError("run.too-many", count=all_, place="on this platform")


def checked(project: Project, command: Sequence[str]) -> tuple[str, list[str]]:
    """The program and its arguments; ``python manage.py`` is manage.py too. Raises UserError."""
    program, *argv = command or [""]
    if program == "python" and argv[:1] in (["manage.py"], ["./manage.py"]):
        program, *argv = argv
    program = program.removeprefix("./")
    if program not in PROGRAMS or any("\0" in word for word in argv):
        raise UserError("run.not-a-command", word=repr(program[:80]), name=project.name)
    if sum(len(word.encode()) + 1 for word in argv) > LONGEST:
        raise UserError("run.too-long", most=LONGEST, name=project.name)
    return program, argv
