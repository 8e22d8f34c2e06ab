"""The relay between the two ends of a running command: ``dz`` and the step on an appserver, which both dial out to
``/api/v1/jobs/JOB/terminal``.

``dz`` shows the API's token; a page of the panel is in this process already (``dz2.typist``). The step shows a ticket:
its step and attempt, sealed with the platform's keys, so that nothing need be stored; it is good while that attempt
runs, for the first who comes with it. The relay reads nothing of what it passes on, keeps nothing, and takes the next
message only when the one before is gone. Where one end leaves, the other is closed. Both ends must come to this
process: there is one panel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from dz.errors import PlatformError
from dz2 import vault
from dz2.accounts import is_token
from dz2.models import Job, JobStep, StepState

KIND = "managepy_command"
PREFIX, SUFFIX = "/api/v1/jobs/", "/terminal"
TYPIST, COMMAND = "typist", "command"
MET = '{"met": true}'
GOING = {"type": "websocket.close", "code": 1000}
REFUSED = {"type": "websocket.close", "code": 1008}

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(slots=True)
class Meeting:
    """Who is there for one job. ``command_came``: a ticket is taken once."""

    ends: dict[str, Send] = field(default_factory=dict)
    command_came: bool = False


_meetings: dict[int, Meeting] = {}


async def meet(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """One end's connection, from its handshake to its end."""
    await receive()
    job, side = await sync_to_async(who)(scope["path"], _bearer(scope))
    if side:
        await join(job, side, receive, send)
    else:
        await send(REFUSED)


async def join(job: int, side: str, receive: Receive, send: Send) -> None:
    """One end, which may be there: until it leaves or the other has. The first of each side is it."""
    meeting = _meetings.setdefault(job, Meeting())
    if side in meeting.ends or (side == COMMAND and meeting.command_came):
        await send(REFUSED)
        return
    other = COMMAND if side == TYPIST else TYPIST
    meeting.ends[side] = send
    meeting.command_came |= side == COMMAND
    try:
        with suppress(OSError):  # an end that left while it was told something
            await send({"type": "websocket.accept"})
            if other in meeting.ends:
                for end in tuple(meeting.ends.values()):
                    await end({"type": "websocket.send", "text": MET})
            await _pass_on(receive, meeting, other)
    finally:
        await _leave(job, meeting, side, other)


async def _pass_on(receive: Receive, meeting: Meeting, other: str) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        if (end := meeting.ends.get(other)) is not None:
            await end({**message, "type": "websocket.send"})


async def _leave(job: int, meeting: Meeting, side: str, other: str) -> None:
    del meeting.ends[side]
    if not meeting.ends:
        _meetings.pop(job, None)
    elif (end := meeting.ends.get(other)) is not None:
        with suppress(OSError, RuntimeError):  # it has left by itself
            await end(GOING)


def who(path: str, bearer: str) -> tuple[int, str]:
    """The job that a connection is for, and which end it is; "" for nobody."""
    word = path.removeprefix(PREFIX).removesuffix(SUFFIX)
    if not (path.startswith(PREFIX) and path.endswith(SUFFIX) and word.isdecimal() and len(word) < 18):
        return 0, ""
    try:
        job = Job.objects.select_related("project").filter(pk=int(word), kind=KIND, finished_at=None).first()
        if job is None or job.project is None:
            return 0, ""
        if is_token(bearer):
            return job.pk, TYPIST
        return job.pk, COMMAND if _is_ticket(job, bearer) else ""
    finally:
        connection.close()


def ticket(app_id: str, step: int, attempt: int) -> str:
    """What the step shows."""
    return vault.seal(app_id, vault.Name.TERMINAL, f"{step}/{attempt}").decode()


def _is_ticket(job: Job, bearer: str) -> bool:
    assert job.project is not None
    try:
        step, _, attempt = (
            vault.unseal(job.project.app_id, vault.Name.TERMINAL, bearer.encode()).reveal().partition("/")
        )
    except (PlatformError, UnicodeError):
        return False
    running = JobStep.objects.filter(job=job, pk=int(step), attempt=int(attempt), state=StepState.RUNNING)
    return running.exists()


def _bearer(scope: Mapping[str, Any]) -> str:
    header: str = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    return header.removeprefix("Bearer ")
