"""The live job: a stream of its log lines and of the fact that it changed, resumed by number.

Events: ``lines`` (its id is the last line's number), ``job`` (the page asks for its part again) and ``end``,
both with the outcomes of the steps that are over. A comment
every 15 s keeps proxies from closing it. ``lines`` as plain JSON is for browsers whose stream does not get through.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from dz2.models import Job, JobLog, JobState
from dz2.panel.lines import OUTCOMES, PAGE, PARTS, Reader
from dz2.panel.notices import Notices
from dz2.storable import storable

BATCH = 0.1  # seconds between two reads at most
HEARTBEAT = 15.0
LOST = 1.0  # how soon to look again while nobody can be notified

_notices: dict[asyncio.AbstractEventLoop, Notices] = {}


def notices() -> Notices:
    """This event loop's."""
    loop = asyncio.get_running_loop()
    if loop not in _notices:
        _notices.clear()  # a process serves from one loop; tests make others
        _notices[loop] = Notices()
    return _notices[loop]


@login_required
@require_GET
def lines(request: HttpRequest, job_id: int) -> HttpResponse:
    """The next lines after ``after`` as JSON."""
    found = read(job_id, after_of(request))
    if found is None:
        raise Http404
    return JsonResponse(found)


@login_required
async def stream(request: HttpRequest, job_id: int) -> HttpResponseBase:
    after = after_of(request)
    if await sync_to_async(read)(job_id, after) is None:
        raise Http404
    response = StreamingHttpResponse(events(job_id, after), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def events(job_id: int, after: int) -> AsyncGenerator[str]:
    """Everything after line ``after`` until the job has ended."""
    mark: str | None = None
    async with notices().follow(job_id) as changed:
        yield "retry: 1000\n\n"
        while True:
            if not await _is_set(changed):
                yield ": still here\n\n"  # and look, in case a notice went astray
            changed.clear()
            found = await sync_to_async(read)(job_id, after)
            if found is None:
                return
            if found["lines"]:
                after = found["after"]
                yield f"event: lines\nid: {after}\ndata: {json.dumps(found['lines'])}\n\n"
            if found["mark"] != mark or found["parts"]:
                mark = found["mark"]
                yield f"event: job\ndata: {json.dumps(found['steps'])}\n\n"
            if found["ended"]:
                yield f"event: end\ndata: {json.dumps(found['steps'])}\n\n"
                return
            if found["more"]:
                changed.set()
            await asyncio.sleep(BATCH)


async def _is_set(event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT):
            await event.wait()
    except TimeoutError:
        return False
    return True


def read(job_id: int, after: int) -> dict[str, Any] | None:
    """The lines after a number; a mark that changes and ``parts`` that are told when the job's part of the page would
    change."""
    try:
        job = Job.objects.filter(pk=job_id).first()
        if job is None:
            return None
        rows = list(JobLog.objects.filter(job=job, seq__gt=after).order_by("seq")[:PAGE])
        last = rows[-1].seq if rows else after
        steps = list(job.steps.values_list("name", "state", "attempt", "title", "host"))
        more = last < job.next_seq - 1
        return {
            "lines": Reader(job).documents(rows) if rows else [],
            "after": last,
            "mark": f"{job.state} {job.cancel_requested} {steps}",
            "more": more,
            "parts": any(row.kind in PARTS for row in rows),
            "steps": {step[0]: OUTCOMES[step[1]] for step in steps if step[1] in OUTCOMES},
            "ended": job.state in JobState.terminal() and not more,
        }
    finally:
        connection.close()  # a follower that waits holds no connection


def after_of(request: HttpRequest, name: str = "after") -> int:
    """A browser that reconnects by itself says the last number in a header, the page says it in the address."""
    given = request.headers.get("Last-Event-ID") or request.GET.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 18 else 0


def words_of(request: HttpRequest, name: str = "q") -> str:
    """What is searched for, as a column could hold it."""
    return str(storable(request.GET.get(name, "")[:200]))
