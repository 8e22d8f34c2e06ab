"""Types at a command for a page of the panel, as ``dz`` does by the WebSocket: what is typed is kept nowhere.

The panel is the relay, so its typist joins in the same process. Where the command does not begin or end in time, or
its typist is not let in, its job is cancelled: nothing of it goes on unseen.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from dz.terminal import STDERR, STDIN, STDOUT
from dz2 import engine
from dz2.models import Job, JobState
from dz2.terminals import TYPIST, join

DEADLINE = 40.0  # seconds; a browser, and the proxy before it, wait for a minute
LOOK = 0.5  # how often the job is looked at: it may end before its command begins
MOST = 64 * 1024  # bytes of output that are kept
LEFT: Mapping[str, Any] = {"type": "websocket.disconnect"}


@dataclass(slots=True)
class Heard:
    """``code`` is None if the command did not end by itself, ``was_given`` once its input is on the way to it."""

    code: int | None = None
    was_given: bool = False
    streams: dict[int, bytearray] = field(default_factory=lambda: {STDOUT: bytearray(), STDERR: bytearray()})

    def text(self, stream: int) -> str:
        return self.streams[stream].decode(errors="replace")

    @property
    def came_to_nothing(self) -> bool:
        """For certain: else what the command does with its input may be done, whatever was heard of it."""
        return not self.was_given or self.code not in (None, 0)


def typed(job: Job, given: bytes, heard: Heard) -> None:
    """Give the command its whole input, and hear it to its end."""
    async_to_sync(_typed)(job.pk, given, heard)


async def _typed(job: int, given: bytes, heard: Heard) -> None:
    ours: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def hear(message: Mapping[str, Any]) -> None:
        for answer in _answers(heard, message, given):
            ours.put_nowait(answer)

    there = asyncio.create_task(join(job, TYPIST, ours.get, hear))
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE):
                while not (await asyncio.wait({there}, timeout=LOOK))[0]:
                    if await sync_to_async(_has_ended)(job):
                        break
        if heard.code is None:
            await sync_to_async(engine.cancel)(job)
    finally:
        ours.put_nowait(LEFT)
        await there


def _answers(heard: Heard, message: Mapping[str, Any], given: bytes) -> list[Mapping[str, Any]]:
    """What is said to what was heard."""
    if message["type"] == "websocket.close":
        return [LEFT]
    if piece := message.get("bytes"):
        kept = heard.streams.get(piece[0], bytearray())
        kept += piece[1 : 1 + max(0, MOST - len(kept))]
        return [_said(took=len(piece) - 1)]
    told = json.loads(message.get("text") or "{}")
    if told.get("met"):
        heard.was_given = True
        return [_message(bytes=bytes([STDIN]) + given), _said(end=True)]
    if "exit" in told:
        heard.code = int(told["exit"])
        return [LEFT]
    return []


def _said(**what: Any) -> Mapping[str, Any]:
    return _message(text=json.dumps(what))


def _message(**content: Any) -> Mapping[str, Any]:
    return {"type": "websocket.receive", **content}


def _has_ended(job: int) -> bool:
    return Job.objects.filter(pk=job, state__in=JobState.terminal()).exists()
