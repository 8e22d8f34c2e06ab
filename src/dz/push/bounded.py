"""Connections with a thread each, and never more than so many: one too many is told so and closed."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from typing import Any

MOST = 64  # some beside those that have a turn, to be told why they have none
BUSY = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain\r\n\r\nToo many at once.\n"


class Bounded(socketserver.ThreadingMixIn):
    daemon_threads = True

    def __init__(self, *words: Any) -> None:
        self._free = threading.BoundedSemaphore(MOST)
        super().__init__(*words)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            with contextlib.suppress(OSError):
                request.sendall(BUSY)
            self.shutdown_request(request)  # type: ignore[attr-defined]
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the machine has no thread left
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()
