"""A small web server that stands for a deployment: it binds like the launcher, and stops as abruptly as a process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answers = dict[str, tuple[int, dict[str, str], str]]


@dataclass
class Backend:
    port: int
    answers: Answers
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)  # method, path, headers


@contextmanager
def backend(name: str, answers: Answers | None = None) -> Iterator[Backend]:
    """Answers ``name PATH``, or what ``answers`` has for the path: status, headers, body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if length := int(self.headers.get("Content-Length", 0)):
                self.rfile.read(length)
            it.seen.append((self.command, self.path, dict(self.headers)))
            status, headers, body = it.answers.get(self.path, (200, {}, f"{name} {self.path}"))
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 2048
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        it = Backend(server.server_address[1], answers or {})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield it
        finally:
            server.shutdown()
            thread.join(60)


@contextmanager
def deaf() -> Iterator[socket.socket]:
    """A listening socket that nobody accepts from."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener
