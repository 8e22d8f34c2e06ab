"""How long a web process takes to answer, asked at this moment: its ``/``, as the proxy would ask for it.

The first byte of any answer counts. What a site says is not read, so that none can hold whoever asks.
"""

from __future__ import annotations

import asyncio
import math
import time
from urllib.parse import urlsplit

from dz.tasklib.appserver.visitor import headers

PATIENCE = 5.0


async def seconds(address: str, port: int, url: str, *, patience: float = PATIENCE) -> float | None:
    """``url``: the site's, as visitors know it. ``math.inf`` where somebody listens and gives no answer in time; None
    where nobody can be reached, as of an appserver whose ports this host does not see."""
    began = time.monotonic()
    reached = False
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(address, port)
            reached = True
            try:
                writer.write(_request(url))
                if await reader.read(1):
                    return time.monotonic() - began
            finally:
                writer.close()
    except OSError:  # TimeoutError is one
        pass
    return math.inf if reached else None


def _request(url: str) -> bytes:
    site = urlsplit(url)
    said = {**headers(site.netloc, site.scheme), "Connection": "close"}
    lines = ["GET / HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    return "\r\n".join([*lines, "", ""]).encode()
