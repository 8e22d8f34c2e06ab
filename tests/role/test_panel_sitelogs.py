"""The Logs tab of a project: chosen lines, escaped, and a stream that goes on where it was left."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from django.test import Client

from tests.panels import Hands
from tests.role.test_sitelog import Host
from tests.visiting import checked, shown


@pytest.fixture
def host(ada: Client, hands: Hands, tmp_path: Path) -> Host:
    from dz2 import sitelog
    from dz2.models import Project

    checked(ada, hands)
    host = Host(Project.objects.get(name="shop"), tmp_path)
    host.write("GET /<b> 200 3 ms\nERROR \x1b[31mred\x1b[0m\n")
    host.look()
    sitelog.mark(host.release)
    return host


def test_lines_are_escaped_coloured_folded_by_release_and_chosen(ada: Client, host: Host) -> None:
    page = ada.get("/projects/shop/logs").content.decode()
    assert "GET /&lt;b&gt; 200" in page and '<span class="ansi31">red</span>' in page
    assert '<div class="line site error" id="L2">' in page and "release 13 is live" in page
    assert 'data-state="running"' not in page, "of a release that is live or is not no job's step is told"
    assert 'data-step="release-13"' in page and 'data-after="3"' in page
    chosen = ada.get("/projects/shop/logs?level=error&process=web.1&search=red")
    assert "GET /" not in shown(chosen)
    assert 'data-query="process=web.1&amp;level=error&amp;search=red"' in chosen.content.decode()
    found = ada.get("/projects/shop/logs/lines?after=1&level=error").json()
    assert [line["seq"] for line in found["lines"]] == [2, 3]
    assert ada.get("/projects/none/logs").status_code == 404
    assert ada.get("/projects/none/logs/stream").status_code == 404


def test_earlier_lines_are_a_link_away_and_do_not_follow(ada: Client, host: Host) -> None:
    host.write("".join(f"WARNING {number}\n" for number in range(2100)))
    host.look()
    page = ada.get("/projects/shop/logs?level=warning").content.decode()
    assert 'id="L2103"' in page and 'id="L103"' not in page and "data-stream" in page
    link = re.search(r'href="(\?before=104&amp;level=warning)">Show earlier lines', page)
    assert link is not None
    earlier = ada.get(f"/projects/shop/logs{link[1].replace('&amp;', '&')}").content.decode()
    assert 'id="L103"' in earlier and 'id="L104"' not in earlier and "data-stream" not in earlier
    assert 'href="/projects/shop/logs?level=warning">Back to the newest lines' in earlier


def test_a_stream_gives_every_line_once_from_where_it_was_left(host: Host) -> None:
    from asgiref.sync import sync_to_async

    from dz2 import sitelog
    from dz2.panel.sitelogs import events

    async def follow() -> str:
        seen: list[str] = []
        async with asyncio.timeout(60):
            first = events(host.project, sitelog.Wanted(), 1)
            seen += [await anext(first), await anext(first)]
            await first.aclose()
            await sync_to_async(host.write)("three\n")
            await sync_to_async(host.look)()
            second = events(host.project, sitelog.Wanted(), 3)
            seen += [await anext(second), await anext(second)]
            await second.aclose()
        return "".join(seen)

    whole = asyncio.run(follow())
    assert re.findall(r'"seq": (\d+)', whole) == ["2", "3", "4"]
    assert re.findall(r"^id: (\d+)$", whole, re.MULTILINE) == ["3", "4"]
