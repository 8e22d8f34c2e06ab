"""The inspector from outside: runs it in the sandbox over a checkout and checks every byte of its answer.

Promise: nothing of the checkout is opened or run by the calling process; what comes back are ``Guess`` values whose
fields are known, capped and printable, or a UserError of the few that the inspector may raise.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dz.errors import PlatformError, Transient, UserError
from dz.run import DeadlinePassed, ended_by
from dz.seams.sandbox import Limits, Sandbox
from dz.tasklib import filled
from dz.tasklib.build.inspect import BEGIN, CPU, detectors
from dz.tasklib.context import JobLog
from dz.tasklib.ourbox import our_box
from dz.tasklib.records import Basis, Guess

LIMITS = Limits(memory=512 * 1024 * 1024, processes=32, file_size=16 * 1024 * 1024)
MOST_OUT = 4 * 1024 * 1024  # bytes of JSON
MOST_GUESSES = 2000
LONGEST_VALUE = 8000
_ERRORS = (
    *("repo.no-django", "repo.python2", "repo.template", "repo.config-unknown-key", "repo.config-invalid"),
    "settings.only-while-managed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What the repository is. ``messages`` are sentences for the job's log."""

    guesses: tuple[Guess, ...]
    messages: tuple[str, ...]


@contextmanager
def ahead(
    sandbox: Sandbox, tree: Path, *, deadline: float, chosen: str = "", stop: Callable[[], bool] | None = None
) -> Iterator[Callable[[JobLog], Inspection]]:
    """An inspector that starts while ``tree`` is still being filled: half of its time is its own start. What is yielded
    has it read the project there, at or below the folder ``chosen`` of it; one that is never called ends with the
    block. ``deadline``: seconds for all of that.

    It raises UserError (no Django, Python 2, a wrong zoombuild.cfg, too much to read), Cancelled, Transient on too busy
    a host.
    """
    waits, tells = os.pipe()
    left = threading.Event()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="inspector") as beside:
        running = beside.submit(
            _read_in, sandbox, tree, waits, deadline, chosen, lambda: left.is_set() or bool(stop and stop())
        )

        def begin(log: JobLog) -> Inspection:
            with suppress(BrokenPipeError):  # it has ended: its result says how
                os.write(tells, BEGIN.encode())
            inspection = running.result()
            for message in inspection.messages:
                log.note(message, level="warning")
            return inspection

        try:
            yield begin
        finally:
            left.set()
            os.close(tells)


def _read_in(
    sandbox: Sandbox, tree: Path, stdin: int, deadline: float, chosen: str, stop: Callable[[], bool]
) -> Inspection:
    said = bytearray()
    box = our_box("dz.tasklib.build.inspect", tree, chosen, app_id=None, limits=LIMITS)
    try:
        finished = sandbox.run(
            box, deadline=deadline, stdin=stdin, cancelled=stop, keep=MOST_OUT + 1, stderr_to=said.extend
        )
    except DeadlinePassed:
        raise Transient(f"the inspector had no {CPU} s of CPU within {deadline:.0f} s") from None
    if ended_by(finished.code, signal.SIGXCPU):
        raise UserError("repo.unreadable", seconds=CPU, detail="it took too long")
    if not finished.ok:
        if _outgrown(finished.code) or b"MemoryError" in said:
            raise UserError("repo.unreadable", seconds=CPU, detail="it took too much memory")
        raise PlatformError(f"the inspector ended with {finished.code}: {said[-600:].decode(errors='replace').strip()}")
    return read_answer(finished.output)


def _outgrown(code: int) -> bool:
    """Whether it ended as one does that had no memory left: killed, or at the first use of what it was refused."""
    return any(ended_by(code, by) for by in (signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT))


def read_answer(output: bytes) -> Inspection:
    """The inspector's JSON, checked. Raises PlatformError for what it never says, UserError for what it reports."""
    if len(output) > MOST_OUT:
        raise UserError("repo.unreadable", seconds=CPU, detail="there was too much to tell")
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        raise PlatformError("the inspector's answer is no JSON") from None
    if not isinstance(answer, dict):
        raise PlatformError("the inspector's answer is no object")
    if "error" in answer:
        raise _error(answer["error"])
    guesses, messages = answer.get("guesses"), answer.get("messages")
    if not isinstance(guesses, list) or not isinstance(messages, list) or len(guesses) > MOST_GUESSES:
        raise PlatformError("the inspector's answer has another shape")
    return Inspection(
        guesses=tuple(_guess(one) for one in guesses), messages=tuple(_text(m, 300) for m in messages[:50])
    )


def _error(reported: Any) -> Exception:
    facts = reported.get("facts") if isinstance(reported, dict) else None
    if not isinstance(facts, dict) or reported.get("id") not in _ERRORS:
        return PlatformError("the inspector reported an error that it does not have")
    words = {str(name): _text(value, 300) for name, value in facts.items()}
    try:
        return UserError(reported["id"], where=_text(reported.get("where"), 400), **words)
    except (KeyError, TypeError):
        return PlatformError("the inspector reported an error without its facts")


def _guess(raw: Any) -> Guess:
    basis = raw.get("basis") if isinstance(raw, dict) else None
    if not isinstance(basis, dict) or raw.get("field") not in detectors.fields():
        raise PlatformError("the inspector guessed something that nobody asked")
    line, confidence = basis.get("line"), raw.get("confidence")
    value = _text(raw.get("value"), LONGEST_VALUE, lines=raw["field"] != "title")
    why = _text(basis.get("why"), 500)
    if raw["field"] == "environment" and filled.is_known(value, redis=False):
        why = f"{why}; the platform fills it"
    return Guess(
        field=raw["field"],
        value=value,
        confidence=min(1.0, max(0.0, float(confidence))) if isinstance(confidence, int | float) else 0.0,
        is_primary=raw.get("is_primary") is True,
        basis=Basis(
            file=_text(basis.get("file"), 1000),
            line=line if isinstance(line, int) and 0 < line < 10_000_000 else None,
            excerpt=_text(basis.get("excerpt"), 300),
            why=why,
        ),
    )


def _text(value: Any, longest: int, *, lines: bool = False) -> str:
    """A string without control characters, capped; '' for anything else."""
    if not isinstance(value, str):
        return ""
    kept = (c for c in value[:longest] if c.isprintable() or (c == "\n" and lines))
    return "".join(kept)
