"""The HTTP side: who asks, for which project, and git's own answer, passed on as it comes.

Behind nginx, on a unix socket: nginx has the whole of a request before it comes here, so no slow client is met. Each
request asks the API with the token it brought. A pusher who leaves changes nothing: git and the deploy it waits for go
on to their end.
"""

from __future__ import annotations

import contextlib
import os
import socketserver
import sys
import tempfile
import threading
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any

from dz.cli.client import Api, Refused, Told, Unreachable
from dz.cli.where import Server
from dz.errors import DzError, Transient, UserError
from dz.push import repository
from dz.push.asked import Asked, asked, protocol_of, token_of
from dz.run import CHUNK, Caps, run

AT_ONCE = 16
# A push waits for its deploy, and that for those before it.
DEADLINE = 2 * 3600.0
CAPS = Caps(memory=4 * 1024**3, file_size=2 * repository.MOST, cpu=900)
PASSED = ("LD_LIBRARY_PATH",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``folder``: of the repositories; ``work``: the service's own; ``panel``: where the API answers."""

    folder: Path
    work: Path
    panel: str


class PushServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, socket: Path, place: Place) -> None:
        self.place = place
        self.turns = threading.BoundedSemaphore(AT_ONCE)
        with contextlib.suppress(FileNotFoundError):
            socket.unlink()
        super().__init__(str(socket), Handler)
        socket.chmod(0o666)  # its folder says who comes in


class Handler(BaseHTTPRequestHandler):
    server: PushServer

    def log_message(self, format: str, *words: Any) -> None:
        """Nothing: what there is to know is in the job."""

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.say(HTTPStatus.OK, '{"status": "ok"}', kind="application/json")
        else:
            self.do_POST()

    def do_POST(self) -> None:
        found = asked(self.command, self.path)
        token = token_of(self.headers.get("Authorization", ""))
        if found is None:
            self.say(HTTPStatus.NOT_FOUND, "Here Git pushes and fetches, at /git/PROJECT.git.")
        elif not token:
            self.say(HTTPStatus.UNAUTHORIZED, "The password is the API token; dz git NAME lets Git find it by itself.")
        else:
            try:
                self.answer(found, token)
            except (Refused, Unreachable) as error:
                status = HTTPStatus(error.status) if isinstance(error, Refused) else HTTPStatus.SERVICE_UNAVAILABLE
                self.refuse(status, error.told)
            except UserError as error:
                self.refuse(HTTPStatus.FORBIDDEN, Told.of(error))

    def answer(self, found: Asked, token: str) -> None:
        place = self.server.place
        project = _project(place, found, token)
        if not self.server.turns.acquire(blocking=False):
            raise UserError("push.too-many", most=AT_ONCE)
        try:
            env = repository.environment(place.work)
            home = repository.made(place.folder, project["app_id"], project["ref"], env)
            self.pass_on(env | self.cgi(found, home) | _for_the_hook(place, project, token))
        except DzError as error:
            _log(f"{found.service} of {found.name}: {error}\n".encode())
        finally:
            self.server.turns.release()

    def cgi(self, found: Asked, home: Path) -> dict[str, str]:
        return {
            "GIT_PROJECT_ROOT": str(home.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{home.name}/{'info/refs' if found.advertised else found.service}",
            "QUERY_STRING": f"service={found.service}" if found.advertised else "",
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": f"application/x-{found.service}-request",
            "HTTP_CONTENT_ENCODING": "gzip" if self.headers.get("Content-Encoding") == "gzip" else "",
            "GIT_PROTOCOL": protocol_of(self.headers.get("Git-Protocol", "")),
            "REMOTE_USER": "dz",  # who pushes is known: git takes a push
        }

    def pass_on(self, env: dict[str, str]) -> None:
        """The body is here before git begins: nginx sends no more of it once git's answer has begun."""
        with tempfile.TemporaryFile(dir=self.server.place.work) as body:
            length = self.take(body)
            run(
                ["git", "http-backend"],
                env=env | {"CONTENT_LENGTH": str(length)},
                cwd=self.server.place.work,
                deadline=DEADLINE,
                stdin=_from_its_start(body),
                on_output=_Answer(self),
                stderr_to=_log,
                caps=CAPS,
            )

    def take(self, body: IO[bytes]) -> int:
        """The whole of the request's body; how long it is."""
        left = length = int(self.headers.get("Content-Length") or 0)
        while left:
            piece = self.rfile.read(min(left, CHUNK))
            if not piece:
                raise Transient("the request broke off")
            body.write(piece)
            left -= len(piece)
        body.flush()
        return length

    def refuse(self, status: HTTPStatus, told: Told) -> None:
        self.say(status, "\n".join(line for line in (told.error, f"Next: {told.next}" if told.next else "") if line))

    def say(self, status: HTTPStatus, text: str, *, kind: str = "text/plain") -> None:
        """Git shows plain text as ``remote: ...``."""
        body = f"{text}\n".encode()
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="DjangoZoom"')
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind == "text/plain" else kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Answer:
    """From a CGI program's answer to HTTP's; whoever has left is not missed."""

    def __init__(self, handler: Handler) -> None:
        self._handler, self._head, self._begun, self._left = handler, bytearray(), False, False

    def __call__(self, piece: bytes) -> None:
        if not self._begun:
            self._head += piece
            head, end, piece = bytes(self._head).partition(b"\r\n\r\n")
            if not end:
                return
            self._begun = True
            self._write(self._begin(head.decode("latin-1")))
        self._write(piece)

    def _begin(self, head: str) -> bytes:
        lines = [line for line in head.split("\r\n") if not line.startswith("Status:")]
        status = next((line[7:].strip() for line in head.split("\r\n") if line.startswith("Status:")), "200 OK")
        return "\r\n".join([f"HTTP/1.0 {status}", *lines, "", ""]).encode("latin-1")

    def _write(self, data: bytes) -> None:
        if data and not self._left:
            try:
                self._handler.wfile.write(data)
            except OSError:
                self._left = True


def _project(place: Place, found: Asked, token: str) -> dict[str, Any]:
    """The project, as the API tells it to that token. Raises Refused, Unreachable, UserError."""
    try:
        project: dict[str, Any] = Api(Server(url=place.panel, token=token)).get(f"/projects/{found.name}")
    except Refused as error:
        if error.told.error_id != "project.not-found":
            raise
        hint = error.told.error.removeprefix(f"There is no project {found.name}.")
        raise Refused(Told.of(UserError("push.no-project", name=found.name, hint=hint)), error.status) from None
    if project["repo_url"] != repository.address(place.folder, project["app_id"]):
        raise UserError("push.other-source", name=found.name, url=project["repo_url"])
    return project


def _from_its_start(body: IO[bytes]) -> int:
    """A descriptor for the command to read the whole of it."""
    descriptor = os.dup(body.fileno())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _log(said: bytes) -> None:
    os.write(2, said)


def _for_the_hook(place: Place, project: dict[str, Any], token: str) -> dict[str, str]:
    return {name: os.environ[name] for name in PASSED if name in os.environ} | {
        "DZ_PUSH_PYTHON": sys.executable,
        "DZ_PUSH_PANEL": place.panel,
        "DZ_PUSH_PROJECT": project["name"],
        "DZ_PUSH_BRANCH": project["ref"],
        "DZ_PUSH_TOKEN": token,
        "DZ_TYPED": "dz",
    }
