"""What the line of a process starts, where the build guesses processes and where an appserver starts them. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_BEAT = re.compile(r"beat|--beat(=.*)?|-[A-Za-z]*B\w*")  # the command, or an option of a worker, also among others
_QUEUES = re.compile(r"--queues(=.*)?|-Q.*")


def split(line: str) -> list[str] | None:
    """Its words as a shell would see them, operators by themselves; None where its quotes do not close."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:
        return None


def started(line: str) -> list[str]:
    """Its words, those of ``sh -c "..."`` for the shell's."""
    words = split(line) or []
    if len(words) > 2 and words[0].rpartition("/")[2] in ("sh", "bash") and words[1] == "-c":
        return split(words[2]) or []
    return words


def is_celery(words: Sequence[str]) -> bool:
    """Whether Celery's own command is among them."""
    return any(word.rpartition("/")[2] == "celery" for word in words)


def schedules(words: Sequence[str]) -> bool:
    """Whether they start Celery's scheduler: beat, or a worker that is it too (``-B``)."""
    return is_celery(words) and any(_BEAT.fullmatch(word) for word in words)


def works(words: Sequence[str]) -> bool:
    """Whether they start a Celery worker that takes what has no queue of its own."""
    return is_celery(words) and "worker" in words and not any(_QUEUES.fullmatch(word) for word in words)
