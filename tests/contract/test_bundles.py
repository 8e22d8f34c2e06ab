"""The bundle store keeps its contract in a folder and on a real S3 server that refuses wrong keys."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dz.errors import PlatformError, Transient
from dz.names import Digest
from dz.tasklib.bundles import Store
from dz.tasklib.records import Layer
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


@pytest.fixture(scope="module")
def s3() -> Iterator[int]:
    """A real S3 server (SeaweedFS) with one identity; gives its port. Another process may be first at a port."""
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
        *DIE_WITH_US, str(Path(sys.executable).with_name("weed")), "server", f"-dir={folder}", "-ip=127.0.0.1",
        "-s3", f"-s3.config={folder}/s3.json", "-volume.max=4", "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false", *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder)
    try:
        yield process, ports["s3.port"]
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


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


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return Store(f"file://{tmp_path}/store")
    return Store("s3://bundles/some/prefix", options(request.getfixturevalue("s3")))


@pytest.fixture
def packed(tmp_path: Path) -> Callable[[bytes], tuple[Path, Layer]]:
    def make(content: bytes) -> tuple[Path, Layer]:
        path = tmp_path / "packed"
        path.write_bytes(content)
        digest = Digest(hashlib.sha256(content).hexdigest())
        return path, Layer(kind="app", key="k", digest=digest, size=len(content))

    return make


Packed = Callable[[bytes], tuple[Path, Layer]]


def test_what_is_put_comes_back_and_a_second_put_is_harmless(store: Store, packed: Packed, tmp_path: Path) -> None:
    path, layer = packed(b"layer" * 500_000)
    assert not store.has(layer.digest)
    store.put(path, layer.digest)
    store.put(path, layer.digest)
    assert store.has(layer.digest)
    store.fetch(layer, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    store.delete(layer.digest)
    store.delete(layer.digest)
    assert not store.has(layer.digest)


def test_what_is_there_is_never_written_again_and_never_trusted(store: Store, packed: Packed, tmp_path: Path) -> None:
    other, _ = packed(b"fals")
    layer = Layer(kind="app", key="k", digest=Digest(hashlib.sha256(b"true").hexdigest()), size=4)
    store.put(other, layer.digest)
    other.write_bytes(b"true")
    store.put(other, layer.digest)
    with pytest.raises(PlatformError, match="damaged"):
        store.fetch(layer, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_put_that_broke_off_on_its_way_is_written_anew(tmp_path: Path, packed: Packed) -> None:
    store = Store(f"file://{tmp_path}/store")
    path, layer = packed(b"whole")
    store.put(path, layer.digest)
    (kept,) = [file for file in (tmp_path / "store").rglob("*") if file.is_file()]
    kept.write_bytes(b"wh")
    store.put(path, layer.digest)
    store.fetch(layer, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"whole"


def test_a_missing_layer_is_said_to_be_missing(store: Store, tmp_path: Path) -> None:
    layer = Layer(kind="env", key="k", digest=Digest("f" * 64), size=1)
    with pytest.raises(PlatformError, match="no env layer"):
        store.fetch(layer, tmp_path / "back")


def test_a_wrong_key_is_refused_and_is_not_tried_again(s3: int, packed: Packed) -> None:
    path, layer = packed(b"x")
    wrong = Store("s3://bundles", options(s3, secret="wrong"))
    for act in (lambda: wrong.put(path, layer.digest), lambda: wrong.has(layer.digest)):
        with pytest.raises(PlatformError) as told:
            act()
        assert told.value.id == "store.refused" and not isinstance(told.value, Transient)
        assert "wrong" not in str(told.value)


def test_a_store_that_does_not_answer_may_be_asked_again(packed: Packed) -> None:
    path, layer = packed(b"x")
    with pytest.raises(Transient):
        Store("s3://bundles", options(free_ports(1)[0])).put(path, layer.digest)
