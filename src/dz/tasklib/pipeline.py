"""What a job is made of: steps, those that run together, and which become ready when.

A pipeline is a list that can be read aloud (``build_and_deploy.py``). Everything here is pure; ``dz2.engine`` keeps
the rows.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dz.tasklib.context import Context

BUILD, DATABASE, PROXY, APPSERVER = "build", "database", "proxy", "appserver"

# Seconds after which Celery ends a task, whatever it does. RabbitMQ takes back what was not acknowledged for 30
# minutes, so every step has to be over before.
HARD_LIMIT = 28 * 60

# What a finished step lets the next ones do. A skipped step counts as done.
DONE = frozenset({"succeeded", "skipped"})
WRONG = frozenset({"failed", "errored", "cancelled"})
ENDED = DONE | WRONG
SILENT = "silent"  # in the result of a step that was forgone: who was, and for how long


class On(Enum):
    """Which appserver a step goes to; where there is none such when it becomes ready, the step is skipped."""

    PLACED = auto()  # where this job's own release is
    BESIDE = auto()  # there too, if it has processes beside web
    ANY = auto()  # whichever, best one that lives and where the project runs
    LIVE = auto()  # where the live release answers
    FILES = auto()  # where the project's files are, of which the job began a backup
    RETIRING = auto()  # one that lives, where a deployment of the project retires
    LEFT = auto()  # one that lives, where anything of the project is left


Run = Callable[["Context"], Mapping[str, Any] | None]
Results = Mapping[str, Mapping[str, Any]]  # of the steps that are done, by their names


@dataclass(frozen=True, slots=True)
class Named:
    """A step's work as ``module:function``. Loaded by who does it: dispatcher, panel and the other roles' workers ask
    only which steps there are, and do without all that the work hangs on."""

    name: str

    def load(self) -> Run:
        work: Run = pkgutil.resolve_name(f"dz.tasklib.{self.name}")
        return work

    def __call__(self, context: Context) -> Mapping[str, Any] | None:
        return self.load()(context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One Celery task of a job.

    ``queue`` is one of the four above; ``on`` says which appserver it is, where it is one. ``timeout``: seconds an
    attempt may take. ``commits``: once it has begun the job can't be cancelled, it only goes forward. ``may_fail``: its
    failure never fails the job (retire, processes, prune). ``aside``: in a process of its own beside the worker, which
    stays free for other steps; it may last as long as a person wants, longer than any task. ``alone``: it may take
    long, so of all such steps one runs at a time per queue, and the others have room beside it. ``needless``: whether
    it is skipped, by what the steps before it told. ``unheard``: the problem to tell where no worker takes it.
    ``forgone``: what it is called then, where the job goes on without it: skipped, and its result says who was silent
    (as SILENT).
    """

    name: str
    title: str
    queue: str
    timeout: float
    run: Run
    on: On = On.PLACED
    commits: bool = False
    may_fail: bool = False
    aside: bool = False
    alone: bool = False
    needless: Callable[[Results], bool] | None = None
    unheard: str = "platform.no-worker"
    forgone: str = ""


@dataclass(frozen=True, slots=True)
class Together:
    """Steps that start at the same time; the next stage waits for all of them."""

    steps: tuple[Step, ...]

    def __init__(self, *steps: Step) -> None:
        object.__setattr__(self, "steps", steps)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps of one kind of job, in stages. ``changes``: one such job runs per project at a time."""

    kind: str
    stages: tuple[tuple[Step, ...], ...]
    changes: bool = field(default=True, kw_only=True)

    def __init__(self, kind: str, *stages: Step | Together, changes: bool = True) -> None:
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "changes", changes)
        as_stages = tuple(s.steps if isinstance(s, Together) else (s,) for s in stages)
        object.__setattr__(self, "stages", as_stages)
        names = [s.name for s in self.steps]
        if len(set(names)) != len(names):
            raise ValueError(f"two steps of {kind} share a name")
        if any(s.timeout >= HARD_LIMIT and not s.aside for s in self.steps):
            raise ValueError(f"a step of {kind} may take longer than its task")

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for stage in self.stages for step in stage)

    def step(self, name: str) -> Step:
        """Raises KeyError for a step that this pipeline does not have."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def ready_after(self, states: Mapping[str, str]) -> tuple[str, ...]:
        """The waiting steps that may start now, given every step's state.

        A stage starts when all steps before it are done; a step that ``may_fail`` counts as done however it ended.
        """
        for stage in self.stages:
            waiting = tuple(s.name for s in stage if states[s.name] == "waiting")
            if waiting:
                return waiting
            if not all(self._passes(s, states[s.name]) for s in stage):
                return ()
        return ()

    def verdict(self, states: Mapping[str, str]) -> str | None:
        """How the job ended: succeeded, failed, errored or cancelled; None while it still goes on.

        One that went wrong ends when none of its steps runs or is ready any more.
        """
        wrong = [states[s.name] for s in self.steps if states[s.name] in WRONG and not s.may_fail]
        if any(state in ("running", "ready") for state in states.values()):
            return None
        if wrong:
            return next(kind for kind in ("errored", "failed", "cancelled") if kind in wrong)
        if all(self._passes(s, states[s.name]) for s in self.steps):
            return "succeeded"
        return None

    @staticmethod
    def _passes(step: Step, state: str) -> bool:
        return state in DONE or (step.may_fail and state in ENDED)
