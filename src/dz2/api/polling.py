"""Answers that wait: the rows are asked until there is something to say, for as long as the asker wants to wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any

from asgiref.sync import sync_to_async
from django.db import connection
from ninja import Query
from pydantic import AfterValidator, Field

from dz2.storable import storable

MOST_LINES = 2000
POLL = 0.2

Wait = Annotated[float, Query(ge=0, le=20)]
After = Annotated[int, Field(ge=0, lt=2**62)]
Lines = Annotated[int, Query(ge=1, le=MOST_LINES)]
Words = Annotated[str, Query(max_length=200), AfterValidator(storable)]  # as a column could hold them


async def until(ask: Callable[[], dict[str, Any] | None], wait: float) -> dict[str, Any] | None:
    """Ask until there is an answer, for at most ``wait`` seconds."""

    def asked() -> dict[str, Any] | None:
        try:
            return ask()
        finally:
            connection.close()  # who waits holds no connection: the pool has few

    end = time.monotonic() + wait
    while (found := await sync_to_async(asked)()) is None and time.monotonic() < end:
        await asyncio.sleep(POLL)
    return found
