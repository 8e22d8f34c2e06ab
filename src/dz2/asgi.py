"""The panel and API for an ASGI server: ``uvicorn dz2.asgi:application``."""

from __future__ import annotations

import os
from typing import Any

from django.core import signals
from django.core.asgi import get_asgi_application

from dz.unneeded import instead, uncollected

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dz2.settings")

# Ninja asks Django's test runner (unittest, its mocks, a web server: 2 MB) for a signal that is of the core.
with instead({"django.test.signals": signals}), uncollected():
    _django = get_asgi_application()
    from dz2.terminals import meet


async def application(scope: Any, receive: Any, send: Any) -> None:
    """HTTP is Django's, the one WebSocket is the relay's."""
    await (meet if scope["type"] == "websocket" else _django)(scope, receive, send)
