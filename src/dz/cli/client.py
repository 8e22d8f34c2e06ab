"""The API over HTTP, with the standard library's client: httpx2 alone costs 260 ms at every start, this 15.

Raises Unreachable when there is no answer, Refused when the answer is an error; both have ``told``, the one shape.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from dz.cli.where import Server
from dz.errors import UserError

LIMIT = 64 * 1024 * 1024
PATIENCE = 30.0  # seconds without a byte
AWAY = "platform.away"  # the panel's answer while it can know nothing: no more a verdict than none at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A failure as every part of the platform tells it."""

    error: str
    error_id: str
    where: str | None = None
    next: str | None = None

    @classmethod
    def of(cls, error: UserError) -> Told:
        return cls(error=error.brief, error_id=error.id, where=error.where or None, next=error.next)

    def document(self) -> dict[str, str | None]:
        return asdict(self)


def reason_of(error: Exception) -> str:
    """In words: of what the system refused without its number."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class Unreachable(Exception):
    """The platform gave no answer; whatever it was doing goes on."""

    def __init__(self, server: Server, reason: str) -> None:
        self.told = Told.of(UserError("cli.unreachable", url=server.socket or server.url, reason=reason))
        super().__init__(self.told.error)


class Refused(Exception):
    """The platform answered that it won't."""

    def __init__(self, told: Told, status: int) -> None:
        self.told = told
        self.status = status
        super().__init__(told.error)


class Api:
    """One server. Every call is one connection, so that a lost one harms nothing else."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def get(self, path: str, **query: object) -> Any:
        words = {key: value for key, value in query.items() if value not in (None, "")}
        return self._call("GET", f"{path}?{urlencode(words)}" if words else path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._call("POST", path, dict(body or {}))

    def delete(self, path: str, **query: object) -> Any:
        return self._call("DELETE", f"{path}?{urlencode(query)}" if query else path)

    @contextmanager
    def opened(self, path: str, **query: object) -> Iterator[http.client.HTTPResponse]:
        """An answer that is no JSON, for the caller to read as it comes."""
        words = {key: value for key, value in query.items() if value not in (None, "")}
        connection = self._connect()
        try:
            try:
                answer = self._asked(connection, "GET", f"{path}?{urlencode(words)}")
                if answer.status >= 400:
                    self._read(answer.status, answer.read(LIMIT))
            except (OSError, http.client.HTTPException) as error:
                raise Unreachable(self.server, reason_of(error)) from None
            with answer:  # it holds the socket open beside the connection
                yield answer
        finally:
            connection.close()

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        connection = self._connect()
        try:
            answer = self._asked(connection, method, path, body)
            return self._read(answer.status, answer.read(LIMIT))
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(self.server, reason_of(error)) from None
        finally:
            connection.close()

    def _asked(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
    ) -> http.client.HTTPResponse:
        headers = {"Authorization": f"Bearer {self.server.token}", "Accept": "application/json", "Host": self._host()}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, f"{self._prefix()}/api/v1{path}", data, headers)
        return connection.getresponse()

    def _read(self, status: int, raw: bytes) -> Any:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            if status in (502, 503, 504):  # nginx without the panel behind it
                raise Unreachable(self.server, f"HTTP {status}") from None
            raise self._something_else(status, "not JSON") from None
        if status < 400:
            return found
        if not (isinstance(found, dict) and {str} == {type(found.get(key)) for key in ("error", "error_id")}):
            raise self._something_else(status, "no error of the platform's")
        if found["error_id"] == AWAY:
            raise Unreachable(self.server, "its own database does not answer")
        more = {key: found.get(key) for key in ("where", "next")}
        raise Refused(Told(error=found["error"], error_id=found["error_id"], **more), status)

    def _something_else(self, status: int, what: str) -> Refused:
        told = UserError("cli.unexpected-answer", url=self.server.url, detail=f"HTTP {status}, {what}")
        return Refused(Told.of(told), status)

    def _connect(self) -> http.client.HTTPConnection:
        if self.server.socket:
            return _UnixConnection(self.server.socket)
        parts = urlsplit(self.server.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=PATIENCE)

    def _host(self) -> str:
        return "localhost" if self.server.socket else urlsplit(self.server.url).netloc

    def _prefix(self) -> str:
        return "" if self.server.socket else urlsplit(self.server.url).path.rstrip("/")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
