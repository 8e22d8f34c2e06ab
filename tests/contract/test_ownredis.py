"""A project's own Redis, started with the file that the platform writes."""

from __future__ import annotations

import socket
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from dz.local import providers
from dz.log import Secret
from dz.names import AppId
from dz.tasklib.appserver.ownredis import config
from dz.tasklib.appserver.ports import is_free
from dz.tasklib.filled import REDIS_AT
from dz.tasklib.records import Redis
from tests.waiting import until

REFUSED = (
    "CONFIG GET dir",
    "MODULE LIST",
    "SAVE",
    "REPLICAOF 10.0.0.1 6379",
    "SHUTDOWN",
    "ACL LIST",
    "MIGRATE h 1 k 0 1",
)
USED = ("LPUSH celery task", "SET key value EX 60", "EVAL return(1) 0", "FLUSHDB", "CLIENT SETNAME worker")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    found = providers.valkey(Path(sysconfig.get_paths()["purelib"]))
    program = providers.executable(found, "valkey-server", "redis-server")
    with socket.create_server((REDIS_AT, 0)) as free:
        port = int(free.getsockname()[1])
    redis = Redis(app_id=AppId.of(42), port=port, password=Secret("r3dis"))
    file = tmp_path / "redis.conf"
    file.write_text(config(redis, tmp_path, 8))
    with Popen([program, file], cwd=tmp_path) as process:
        try:
            until(lambda: not is_free(REDIS_AT, port), what="it listens", deadline=30)
            yield redis
        finally:
            process.kill()


def said(redis: Redis, command: str, *, password: str) -> str:
    with socket.create_connection((REDIS_AT, redis.port), 5) as client, client.makefile("rwb") as talk:
        talk.write(f"AUTH {password}\r\n{command}\r\n".encode())
        talk.flush()
        talk.readline()
        return talk.readline().decode()


def test_it_does_what_libraries_ask_and_refuses_what_reaches_beyond_a_projects_keys(redis: Redis) -> None:
    assert said(redis, "PING", password="wrong").startswith("-NOAUTH")
    for command in USED:
        assert said(redis, command, password="r3dis")[0] in "+:", command
    for command in REFUSED:
        assert said(redis, command, password="r3dis").startswith("-NOPERM"), command
