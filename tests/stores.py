"""A real S3 server (SeaweedFS) for tests: one identity, gone with the test process; ``s3`` gives its port."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dz.errors import PlatformError
from dz.names import Digest
from dz.tasklib.bundles import Store
from tests.servers import DIE_WITH_US
from tests.waiting import until

PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port",
    "s3.port.grpc",
)  # fmt: skip
KEYS = {"accessKey": "tester", "secretKey": "not-a-secret-at-all"}


def options(port: int, secret: str = KEYS["secretKey"]) -> dict[str, str]:
    return {
        "aws_endpoint": f"http://127.0.0.1:{port}",
        "aws_allow_http": "true",
        "aws_region": "us-east-1",
        "aws_access_key_id": KEYS["accessKey"],
        "aws_secret_access_key": secret,
    }


@pytest.fixture(scope="session")
def s3() -> Iterator[int]:
    """Started up to three times: another process may be first at one of its ports."""
    for _ in range(3):
        with server() as (process, port):
            until(
                lambda: process.poll() is not None or ready(port), what="the S3 server answers", deadline=90, every=0.2
            )
            if process.poll() is None:
                yield port
                return
    raise AssertionError("the S3 server ended three times")


@contextmanager
def server() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    folder = Path(tempfile.mkdtemp(prefix="dzs3-"))
    identity = {"name": "tester", "credentials": [KEYS], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    argv = [
        *DIE_WITH_US, str(Path(sys.executable).with_name("weed")), f"-logdir={folder}", "server", f"-dir={folder}", "-ip=127.0.0.1",
        f"-filer.localSocket={folder}/filer", f"-s3.localSocket={folder}/s3",  # else these stay in /tmp
        "-s3", f"-s3.config={folder}/s3.json", "-volume.max=4", "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0", *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder)
    try:
        yield process, ports["s3.port"]
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        for name, port in ports.items():
            if name.endswith(".grpc"):  # where these lie can't be chosen
                Path(f"/tmp/seaweedfs-{name.partition('.')[0]}-grpc-{port}.sock").unlink(missing_ok=True)


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_until_all_are_there:
        sockets = [open_until_all_are_there.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def ready(port: int) -> bool:
    """A first put, which makes the bucket, works once the server has its parts together."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return probe_put(Store("s3://bundles", options(port)))
    except (OSError, PlatformError):
        return False


def probe_put(store: Store) -> bool:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"probe")
        file.flush()
        digest = Digest(hashlib.sha256(b"probe").hexdigest())
        store.put(Path(file.name), digest)
        return store.has(digest)
