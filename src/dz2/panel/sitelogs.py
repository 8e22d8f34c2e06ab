"""The log of a site: its last lines in a fold for each release, and a stream that goes on by number, as a job's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any
from urllib.parse import urlencode

from ansi2html import Ansi2HTMLConverter
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from dz.errors import UserError
from dz.tasklib.appserver.levels import LEVELS
from dz2 import services, sitelog
from dz2.api.processes import process_documents
from dz2.models import Project, SiteLog
from dz2.panel.lines import PAGE, Fold, coloured_html, line_html
from dz2.panel.problems import told
from dz2.panel.stream import HEARTBEAT, after_of, words_of

EVERY = 0.5  # seconds between two looks, as often as hosts ship
_COLOURS = Ansi2HTMLConverter(inline=False)


@login_required
@require_GET
@told
def page(request: HttpRequest, name: str) -> HttpResponse:
    project = services.find_project(name)
    wanted = _wanted(request)
    before = after_of(request, "before") or None
    found = sitelog.page(project, wanted, after=None, limit=PAGE, before=before)
    asked = {"process": wanted.process, "level": wanted.level, "search": wanted.search}
    context = {
        "project": project,
        "folds": _folds(found.lines),
        "empty_fold": Fold("", "", "", state=""),  # which the script copies
        "after": found.after,
        "follows": before is None,
        "earlier": found.lines[0].seq if len(found.lines) == PAGE else None,
        "wanted": asked,
        "query": urlencode({key: value for key, value in asked.items() if value}),
        "processes": sorted({wanted.process, *(one["process"] for one in process_documents(project))} - {""}),
        "levels": LEVELS,
        "tab": "logs",
    }
    return render(request, "panel/logs.html", context)


@login_required
@require_GET
@told
def lines(request: HttpRequest, name: str) -> HttpResponse:
    """The next lines after ``after`` as JSON, for browsers whose stream does not get through."""
    found = sitelog.page(services.find_project(name), _wanted(request), after=after_of(request), limit=PAGE)
    return JsonResponse({"lines": _documents(found.lines), "steps": {}, "ended": False})


@login_required
async def stream(request: HttpRequest, name: str) -> HttpResponseBase:
    try:
        project = await sync_to_async(services.find_project)(name)
    except UserError:
        raise Http404 from None
    following = events(project, _wanted(request), after_of(request))
    response = StreamingHttpResponse(following, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def events(project: Project, wanted: sitelog.Wanted, after: int) -> AsyncGenerator[str]:
    """Everything after line ``after``, without an end; now and then a comment, so that no proxy closes it."""

    def read() -> sitelog.Page:
        try:
            return sitelog.page(project, wanted, after=after, limit=PAGE)
        finally:
            connection.close()  # a follower that waits holds no connection

    yield "retry: 1000\n\n"
    quiet = 0.0
    while True:
        found = await sync_to_async(read)()
        after, quiet = found.after, quiet + EVERY
        if found.lines:
            yield f"event: lines\nid: {after}\ndata: {json.dumps(_documents(found.lines))}\n\n"
        elif quiet >= HEARTBEAT:
            yield ": still here\n\n"
        if found.lines or quiet >= HEARTBEAT:
            quiet = 0.0
        await asyncio.sleep(0 if found.more else EVERY)


def _wanted(request: HttpRequest) -> sitelog.Wanted:
    given = request.GET
    level = given.get("level", "")
    return sitelog.Wanted(
        process=words_of(request, "process")[:40],
        level=level if level in LEVELS else "",
        search=words_of(request, "search"),
    )


def _documents(rows: Sequence[SiteLog]) -> list[dict[str, Any]]:
    return [
        {"seq": row.seq, "step": _step(row), "part": "", "title": _title(row), "html": _html(row), "end": False}
        for row in rows
    ]


def _folds(rows: Sequence[SiteLog]) -> list[Fold]:
    """In order of their first lines; all stay open, since more may come to each. Of none is said that it
    runs, as the fold of a step is: an old release does not."""
    found: dict[str, Fold] = {}
    for row in rows:
        fold = found.setdefault(_step(row), Fold(_step(row), "", _title(row), state=""))
        fold.lines.append(_html(row))
    return list(found.values())


def _step(row: SiteLog) -> str:
    return f"release-{row.release}"


def _title(row: SiteLog) -> str:
    return f"Release {row.release}"


def _html(row: SiteLog) -> SafeString:
    time = format_html('<time datetime="{}">{}</time>', row.at.isoformat(), f"{row.at:%H:%M:%S}")
    if not row.process:
        return line_html(row.seq, "note part-begin", row.level, time, row.text)
    text = format_html("<b>{}</b>  {}", row.process, coloured_html(_COLOURS, row.text))
    return line_html(row.seq, "site", row.level, time, text)
