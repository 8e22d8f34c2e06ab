"""What can go wrong, and whose it is.

    DzError
    ├── UserError        the project's to mend: id, sentence, where, next; never retried
    ├── PlatformError    ours: the job is errored, nothing for the user to do
    │   └── Transient    ours and likely to pass: the runner tries the step again
    ├── Cancelled        somebody asked for it; every child process is gone when this leaves a step
    └── LostLease        another worker owns the step now: stop at once and record nothing

Only ``dz.tasks.runner`` turns exceptions into results. Nothing decides by the text of a message.
"""

from __future__ import annotations

import re

from dz.problems import Problem, problem


class DzError(Exception):
    """Root of everything the platform raises on purpose."""


class UserError(DzError):
    """Something in the project, its configuration or the command is to be mended by its owner.

    ``id`` names an entry of ``dz.problems``; ``facts`` fill the placeholders of its sentence and its
    next act. ``where`` is ``file:line`` followed by the line itself, if there is one.

    Raises KeyError if the id is not in the registry or a placeholder has no fact: a mistake of ours.
    """

    def __init__(self, id: str, *, where: str = "", **facts: object) -> None:
        self.id = id
        self.where = where
        self.facts = facts
        entry: Problem = problem(id)
        self.brief = entry.sentence.format_map(facts)
        self.next = entry.next.format_map(facts)
        super().__init__(self.brief)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.id, self.where, self.facts))


def _rebuild(id: str, where: str, facts: dict[str, object]) -> UserError:
    return UserError(id, where=where, **facts)


class PlatformError(DzError):
    """Ours to mend. ``id`` names an entry of ``dz.problems`` too, so that it has a page."""

    def __init__(self, detail: str, *, id: str = "platform.unexpected") -> None:
        self.id = id
        self.detail = detail
        super().__init__(detail)


class Transient(PlatformError):
    """Ours, and likely to pass by itself: tried again with jitter, at most five times."""


def own_fault(error: str, place: str) -> PlatformError:
    """Of an exception in our code that loads a project, at that place of it: nobody may look for it in theirs."""
    return PlatformError(f"{error}, at {place}", id="platform.own-code")


class Cancelled(DzError):
    """The job was cancelled while the step ran."""


class LostLease(DzError):
    """The step belongs to somebody else by now; whatever this attempt would record is refused."""


def with_name(act: str, project: str) -> str:
    """What commands are about, in an act that may name variables too: PROJECT_PATH stays as it is."""
    return re.sub(r"\b(dz (?:[a-z]+ ){1,2})PROJECT\b", lambda found: found[1] + project, act)
