"""Events of the platform's own processes: JSON lines on stderr, never secrets.

``log = get_logger()``, then ``log.info("step.finished", step=..., seconds=...)``. What a user reads about a job is
not here but in ``dz.tasklib.context.JobLog``.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import select
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from dz.unneeded import instead

_SECRET_KEYS = re.compile(r"(?i)(password|passwd|secret|token|api_?key|authorization)")
SHORTEST = 20  # characters of a value's two ends, however long an event is
_SECRET_URL = re.compile(r"(?<=://)([^/@\s:]*):([^/@\s]+)(?=@)")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that must not be shown: every way of printing it says ``[redacted]``; only ``reveal()`` gives it."""

    _value: str

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "[redacted]"


def redact_urls(text: str) -> str:
    """``scheme://user:password@`` in any text loses its password."""
    return _SECRET_URL.sub(r"\1:[redacted]", text)


def _redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if _SECRET_KEYS.search(key) or isinstance(value, Secret):
            event[key] = "[redacted]"
        elif isinstance(value, str):
            event[key] = redact_urls(value)
    return event


class Lines:
    """Each event is one line on stderr, written in one go and without a lock. structlog's own writers take one, and a
    worker's pool is forked while its other threads write: the child waited for that lock for ever. The kernel keeps
    apart what is no longer than PIPE_BUF.

    Nobody fails because an event can't be told: one that finds no reader, no room on the disk or a full pipe that may
    not be waited for is left out."""

    def msg(self, event: str) -> None:
        left = f"{event}\n".encode(errors="backslashreplace")
        with contextlib.suppress(OSError):
            while left:
                left = left[os.write(2, left) :]

    debug = info = warning = error = critical = exception = msg


def _one_piece(renderer: Callable[..., str]) -> Callable[..., str]:
    """What the renderer makes of an event, short enough for a pipe that others write to as well: the longest of its
    values are cut in the middle, until it fits."""

    def render(logger: object, name: str, event: MutableMapping[str, Any]) -> str:
        line = renderer(logger, name, event)
        while len(line) >= select.PIPE_BUF:
            longest = max(event, key=lambda key: len(str(event[key])))
            text = str(event[longest])
            kept = len(text) // 3
            if kept < SHORTEST:
                break
            event[longest] = f"{text[:kept]} [...] {text[-kept:]}"
            line = renderer(logger, name, event)
        return line

    return render


def configure() -> None:
    """Once per process, before the first event."""
    structlog = _structlog()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            _one_piece(structlog.processors.JSONRenderer()),
        ],
        logger_factory=lambda *_: Lines(),
    )


def get_logger() -> Any:
    return _structlog().get_logger()


def _structlog() -> ModuleType:
    """Loaded by who writes events: not by the inspector, which each look into a repository starts anew.

    It takes rich where it is installed, to colour tracebacks on a terminal: 66 modules, 3 MB in every process of the
    platform, which writes JSON. Told that there is none, it does without.
    """
    with instead({"rich": None}):
        return importlib.import_module("structlog")
