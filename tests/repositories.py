"""Git repositories made by the tests, and the servers that hand them out: git http-backend behind TLS, and sshd."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "LC_ALL": "C",
}


def git(*words: object, cwd: Path | None = None) -> str:
    """Run git for the test itself and return what it prints."""
    done = subprocess.run(
        ["git", *map(str, words)], cwd=cwd, env=_ENV, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """``{"a/b.py": "text"}`` as files under ``folder``."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@dataclass
class Repository:
    """A repository with a work tree; ``commit`` adds files and returns the new commit."""

    folder: Path

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def commit(self, files: Mapping[str, str | bytes], message: str = "A change") -> str:
        write_tree(self.folder, files)
        git("add", "-A", cwd=self.folder)
        git("commit", "-q", "--allow-empty", "-m", message, cwd=self.folder)
        return git("rev-parse", "HEAD", cwd=self.folder)

    def git(self, *words: object) -> str:
        return git(*words, cwd=self.folder)


def new_repository(folder: Path, files: Mapping[str, str | bytes] | None = None) -> Repository:
    """A fresh repository whose branch is main; with a first commit if ``files`` are given."""
    folder.mkdir(parents=True, exist_ok=True)
    git("init", "-q", "-b", "main", cwd=folder)
    repository = Repository(folder)
    if files is not None:
        repository.commit(files, "First")
    return repository


@dataclass
class GitServer:
    """``https://localhost:PORT/NAME`` serves the repository in ``root/NAME``. ``ca``: the file to trust.

    ``moved`` maps a name to a whole URL or path that it redirects to; ``private`` names answer 401.
    """

    root: Path
    ca: Path
    port: int = 0
    moved: dict[str, str] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)

    def url(self, name: str) -> str:
        return f"https://localhost:{self.port}/{name}"


class _Backend(BaseHTTPRequestHandler):
    served: GitServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        name, _, rest = path.lstrip("/").partition("/")
        if name in self.served.private:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif name in self.served.moved:
            self.send_response(301)
            self.send_header("Location", f"{self.served.moved[name]}/{rest}?{query}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._git(path, query)

    do_POST = do_GET

    def _git(self, path: str, query: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        env = _ENV | {
            "GIT_PROJECT_ROOT": str(self.served.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=env, check=False, capture_output=True, timeout=60
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(scope="session")
def git_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A Git host over https whose certificate only ``ca`` vouches for."""
    folder = tmp_path_factory.mktemp("git-server")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    served = GitServer(root=folder / "repositories", ca=folder / "ca.pem")
    served.root.mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Backend", (_Backend,), {"served": served}))
    # The handshake belongs to each connection's own thread, or one silent client would hold up all others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that distrusts us hangs up
    served.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()
    shutil.rmtree(folder, ignore_errors=True)
