"""The HTTP side: who asks, for which project, and git's own answer, passed on as it comes.

Behind nginx, on a unix socket. nginx keeps nothing of a body: it comes here as it is sent, and is kept once its sender
is known and has a turn, while there is room. Who sends nothing is given up by nginx, who reads nothing after PATIENCE.
Each request asks the API with the token it brought. A pusher who leaves changes nothing: git and the deploy it waits
for go on to their end.
"""

from __future__ import annotations

import contextlib
import os
import socketserver
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any

from dz import pushed
from dz.cli.client import Api, Refused, Told, Unreachable
from dz.cli.where import Server
from dz.errors import DzError, Transient, UserError
from dz.push import pktline, repository, room
from dz.push.asked import Asked, asked, protocol_of, token_of
from dz.push.body import Body
from dz.push.bounded import Bounded
from dz.push.turns import Turn, Turns
from dz.run import Caps, run

PATIENCE = 60.0  # seconds for a piece of an answer to be taken
LIMIT = 2000  # MB of one project's repository, where nothing else is set
# A push waits for its deploy, and that for those before it.
DEADLINE = 2 * 3600.0
CAPS = Caps(memory=4 * 1024**3, file_size=2 * repository.MOST, cpu=900)
PASSED = ("LD_LIBRARY_PATH",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``folder``: of the repositories; ``work``: the service's own; ``panel``: where the API answers; ``limit``: bytes
    of one repository; ``spare``: of the disk that stay free."""

    folder: Path
    work: Path
    panel: str
    limit: int = LIMIT * 1_000_000
    spare: int = room.SPARE


class PushServer(Bounded, socketserver.UnixStreamServer):
    request_queue_size = 64

    def __init__(self, socket: Path, place: Place, *, patience: float = PATIENCE) -> None:
        self.place = place
        self.patience = patience
        self.turns = Turns()
        with contextlib.suppress(FileNotFoundError):
            socket.unlink()
        super().__init__(str(socket), Handler)
        socket.chmod(0o666)  # its folder says who comes in

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        connection.settimeout(self.patience)
        return connection, address


class Handler(BaseHTTPRequestHandler):
    server: PushServer
    body: Body

    def log_message(self, format: str, *words: Any) -> None:
        """Nothing: what there is to know is in the job."""

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.say(HTTPStatus.OK, '{"status": "ok"}', kind="application/json")
        else:
            self.do_POST()

    def do_POST(self) -> None:
        self.body = Body(self.rfile, self.headers)
        with contextlib.suppress(Transient, ConnectionError, TimeoutError):  # who sends has left
            self.respond(asked(self.command, self.path))
            self.body.drop(self.connection)  # nginx may still be sending; it takes the answer, and leaves

    def respond(self, found: Asked | None) -> None:
        if found is None:
            self.say(HTTPStatus.NOT_FOUND, "Here Git pushes and fetches, at /git/PROJECT.git.")
        elif not self.token:
            self.say(HTTPStatus.UNAUTHORIZED, "The password is the API token; dz git NAME lets Git find it by itself.")
        else:
            with self.refusing(found):
                self.answer(found)

    @property
    def token(self) -> str:
        return token_of(self.headers.get("Authorization", ""))

    @contextlib.contextmanager
    def refusing(self, found: Asked) -> Iterator[None]:
        try:
            yield
        except (Refused, Unreachable) as error:
            status = HTTPStatus(error.status) if isinstance(error, Refused) else HTTPStatus.SERVICE_UNAVAILABLE
            self.refuse(found, status, error.told)
        except UserError as error:
            self.refuse(found, HTTPStatus.FORBIDDEN, Told.of(error))
        except DzError as error:
            _log(f"{found.service} of {found.name}: {error}\n".encode())

    def answer(self, found: Asked) -> None:
        place = self.server.place
        project = _project(place, found, self.token)
        with self.server.turns.one(project["name"]) as turn:
            most = self.allowed(found, project, turn)
            env = repository.environment(place.work, most=most)
            home = repository.made(place.folder, project["app_id"], project["ref"], env)
            with tempfile.TemporaryFile(dir=place.work) as body, (home / "deploying").open("w") as lock:
                length = self.take(body, turn, most)
                room.require(length, self.allowed(found, project, turn))  # what others brought meanwhile
                self.pass_on(
                    found,
                    env | self.cgi(found, home, length) | _for_the_hook(place, project, self.token, lock.fileno()),
                    body,
                    lock.fileno(),
                )

    def allowed(self, found: Asked, project: dict[str, Any], turn: Turn) -> int:
        """Bytes that may come: only a push stays. Raises UserError."""
        if found.service != "git-receive-pack":
            return repository.MOST
        place = self.server.place
        home = repository.path(place.folder, project["app_id"])
        came = self.server.turns.came(project["name"], but=turn)
        return min(repository.MOST, room.left(home, place.limit, name=project["name"], came=came))

    def cgi(self, found: Asked, home: Path, length: int) -> dict[str, str]:
        return {
            "GIT_PROJECT_ROOT": str(home.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{home.name}/{'info/refs' if found.advertised else found.service}",
            "QUERY_STRING": f"service={found.service}" if found.advertised else "",
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": f"application/x-{found.service}-request",
            "HTTP_CONTENT_ENCODING": "gzip" if self.headers.get("Content-Encoding") == "gzip" else "",
            "GIT_PROTOCOL": protocol_of(self.headers.get("Git-Protocol", "")),
            "CONTENT_LENGTH": str(length),
            "REMOTE_USER": "dz",  # who pushes is known: git takes a push
        }

    def pass_on(self, found: Asked, env: dict[str, str], body: IO[bytes], lock: int) -> None:
        """``lock`` is open in each git of it until the last has ended: the hook's lock with it."""
        run(
            ["git", "http-backend"],
            env=env,
            cwd=self.server.place.work,
            deadline=DEADLINE,
            stdin=_from_its_start(body),
            pass_fds=(lock,),
            on_output=_Answer(self, goes_on=found.service == "git-receive-pack"),
            stderr_to=_log,
            caps=CAPS,
        )

    def take(self, into: IO[bytes], turn: Turn, most: int) -> int:
        """The whole of the request's body; how long it is. It is here before git begins, and read to its end whatever
        becomes of it: nginx sends no more of it once an answer has begun, and Git reads none before."""
        place, length, fits = self.server.place, 0, True
        for piece in self.body:
            length += len(piece)
            fits = fits and room.is_on_disk(place.folder, spare=place.spare, came=self.server.turns.came())
            if fits and length <= most:
                turn.size = length
                into.write(piece)
        if not fits:
            raise room.disk_full(place.folder, place.spare)
        room.require(length, most)
        into.flush()
        return length

    def refuse(self, found: Asked, status: HTTPStatus, told: Told) -> None:
        """In the way that Git shows: the text of an HTTP error after its first request alone, or to ask who it is."""
        text = "\n".join(line for line in (told.error, f"Next: {told.next}" if told.next else "") if line)
        if found.advertised or status == HTTPStatus.UNAUTHORIZED:
            self.say(status, text)
        else:
            self.body.drop(self.connection)  # an answer before its end would be lost
            kind = f"application/x-{found.service}-result"
            self.send(HTTPStatus.OK, pktline.refusal(found.service, text), kind)

    def say(self, status: HTTPStatus, text: str, *, kind: str = "text/plain; charset=utf-8") -> None:
        """Git shows plain text as ``remote: ...``."""
        self.send(status, f"{text}\n".encode(), kind)

    def send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="DjangoZoom"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:  # nginx waits for none where it asks for a status alone
            self.wfile.write(body)


class _Answer:
    """From a CGI program's answer to HTTP's. ``goes_on``: whoever has left, or reads nothing, is not missed; else what
    nobody reads ends with Transient."""

    def __init__(self, handler: Handler, *, goes_on: bool) -> None:
        self._handler, self._head, self._begun, self._left = handler, bytearray(), False, False
        self._goes_on = goes_on

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
            except OSError as error:
                if not self._goes_on:
                    raise Transient(f"nobody reads the answer: {error}") from None
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
    if project["repo_url"] != pushed.address(place.folder, project["app_id"]):
        raise UserError("push.other-source", name=found.name, url=project["repo_url"])
    return project


def _from_its_start(body: IO[bytes]) -> int:
    """A descriptor for the command to read the whole of it."""
    descriptor = os.dup(body.fileno())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _log(said: bytes) -> None:
    os.write(2, said)


def _for_the_hook(place: Place, project: dict[str, Any], token: str, lock: int) -> dict[str, str]:
    return {name: os.environ[name] for name in PASSED if name in os.environ} | {
        "DZ_PUSH_PYTHON": sys.executable,
        "DZ_PUSH_PANEL": place.panel,
        "DZ_PUSH_PROJECT": project["name"],
        "DZ_PUSH_BRANCH": project["ref"],
        "DZ_PUSH_TOKEN": token,
        "DZ_PUSH_LOCK": str(lock),
        "DZ_TYPED": "dz",
    }
