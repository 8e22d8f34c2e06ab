"""What zoomdb notifies, fanned out: one LISTEN connection per process, however many browsers follow.

A notice says that a job may have changed; followers read the rows. While the connection is away followers are woken
every second instead, and once more when it is back: nothing said meanwhile is missed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo

from dz.log import get_logger
from dz2.channels import JOB, JOBLOG

AGAIN = 1.0
log = get_logger()


def conninfo() -> str:
    """zoomdb's address, from Django's settings."""
    database: dict[str, Any] = settings.DATABASES["default"]
    names = {"USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port", "NAME": "dbname"}
    options = {name: value for name, value in database["OPTIONS"].items() if name != "pool"}  # which is Django's alone
    return make_conninfo(**{pg: database[dj] for dj, pg in names.items() if database[dj]}, **options)


class Notices:
    """Belongs to one event loop. Listens as long as somebody follows."""

    def __init__(self, address: Callable[[], str] = conninfo) -> None:
        self._address = address
        self._followers: dict[int, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def follow(self, job_id: int) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever the job may have changed; the follower clears it."""
        event = asyncio.Event()
        event.set()
        self._followers[job_id].add(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        try:
            yield event
        finally:
            self._followers[job_id].discard(event)
            if not self._followers[job_id]:
                del self._followers[job_id]
            if not self._followers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._until_it_breaks()
            except psycopg.Error as error:
                log.warning("panel.listen", error=type(error).__name__)
            self._wake(self._followers)
            await asyncio.sleep(AGAIN)

    async def _until_it_breaks(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._address(), autocommit=True) as connection:
            for channel in (JOB, JOBLOG):
                await connection.execute(f"LISTEN {channel}")
            self._wake(self._followers)
            async for notice in connection.notifies():
                if notice.payload.isdigit():
                    self._wake([int(notice.payload)])

    def _wake(self, jobs: Iterable[int]) -> None:
        for job in jobs:
            for event in self._followers.get(job, ()):
                event.set()
