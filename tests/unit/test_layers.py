"""Layers: the same content gives the same bytes, and no archive writes outside its folder."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dz.errors import PlatformError
from dz.tasklib.build import layers
from dz.tasklib.build.frames import WORTH, Frames

if layers.sys.version_info >= (3, 14):
    from compression.zstd import compress
else:
    from backports.zstd import compress


def tree(root: Path) -> Path:
    (root / "pkg/sub").mkdir(parents=True)
    (root / "pkg/a.py").write_text("a = 1\n")
    (root / "pkg/sub/run").write_text("#!/bin/sh\n")
    (root / "pkg/sub/run").chmod(0o700)
    os.link(root / "pkg/a.py", root / "pkg/same.py")
    (root / "pkg/näme").write_bytes(b"\0" * 5000)
    (root / "inner").symlink_to("pkg/a.py")
    return root


def pack(folder: Path, into: Path) -> Path:
    into.mkdir(exist_ok=True)
    return named(into, layers.pack(folder, kind="app", key="0" * 64, into=into).digest)


def named(into: Path, digest: str) -> Path:
    """A layer's file, which has the name of its content."""
    file = into / f"{digest}.tar.zst"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    return file


def test_the_digest_depends_on_content_alone(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "one"), tree(tmp_path / "two")
    os.utime(two / "pkg/a.py", (1, 1))
    first = pack(one, tmp_path / "out")
    assert first == pack(two, tmp_path / "out")
    (two / "pkg/a.py").write_text("a = 2\n")
    assert first != pack(two, tmp_path / "out")


def test_a_layer_comes_back_whole_and_read_only(tmp_path: Path) -> None:
    source, back = tree(tmp_path / "one"), tmp_path / "back"
    packed = pack(source, tmp_path / "out")
    layers.unpack(packed, back)
    assert (back / "pkg/same.py").read_text() == "a = 1\n"
    assert (back / "pkg/a.py").stat().st_mode & 0o777 == 0o444
    assert (back / "pkg/sub/run").stat().st_mode & 0o777 == 0o555
    assert (back / "pkg/sub").stat().st_mode & 0o777 == 0o755
    assert str((back / "inner").readlink()) == "pkg/a.py"
    assert pack(back, tmp_path / "out") == packed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "one", "out"]


PACKAGES = "lib/python3.12/site-packages"


def environment(root: Path, package: Path | None = None) -> Path:
    """With one large package, that of another environment where it is given."""
    inside = root / PACKAGES
    (inside / "big/sub").mkdir(parents=True)
    (root / "bin").mkdir()
    (root / "bin/big").write_text("#!/bin/sh\n")
    for name in ("a.py", "sub/b.py"):
        if package is None:
            (inside / "big" / name).write_bytes(os.urandom(WORTH))
        else:
            (inside / "big" / name).hardlink_to(package / name)
    (inside / "big-1.dist-info").mkdir()
    (inside / "big-1.dist-info/RECORD").write_text("x" * 2 * WORTH)
    (inside / "small.py").write_text("c = 3\n")
    return root


def test_a_package_that_two_environments_share_is_packed_once(tmp_path: Path) -> None:
    frames = Frames(tmp_path, tmp_path / "kept")
    (tmp_path / "out").mkdir()

    def packed(folder: Path) -> Path:
        layer = layers.pack(folder, kind="env", key="0" * 64, into=tmp_path / "out", frames=frames)
        return named(tmp_path / "out", layer.digest)

    one = environment(tmp_path / "one")
    two = environment(tmp_path / "two", one / PACKAGES / "big")
    first = packed(one)
    [kept] = (tmp_path / "kept").iterdir()
    kept.write_bytes(b"damaged")
    assert packed(two) == first, "and what was damaged is made again"
    kept.chmod(0o400)  # who made it once more would exchange it
    assert packed(two) == first, "the same content gives the same bytes, from a kept frame too"
    assert [file.stat().st_mode & 0o777 for file in (tmp_path / "kept").iterdir()] == [0o400]
    (two / PACKAGES / "small.py").write_text("c = 4\n")
    layers.unpack(packed(two), tmp_path / "back")
    assert (tmp_path / "back" / PACKAGES / "big/sub/b.py").read_bytes() == (
        one / PACKAGES / "big/sub/b.py"
    ).read_bytes()
    assert (tmp_path / "back" / PACKAGES / "small.py").read_text() == "c = 4\n"
    (two / PACKAGES / "big/a.py").unlink()
    (two / PACKAGES / "big/a.py").write_bytes(bytes(WORTH))
    layers.unpack(packed(two), tmp_path / "other")
    assert (tmp_path / "other" / PACKAGES / "big/a.py").read_bytes() == bytes(WORTH)
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_links_that_lead_out_and_special_files_are_not_packed(tmp_path: Path) -> None:
    source = tree(tmp_path / "one")
    (source / "shadow").symlink_to("/etc/shadow")
    (source / "up").symlink_to("../../etc")
    (source / "pkg/deep").symlink_to("../../two")
    os.mkfifo(source / "pipe")
    (source / ".git").mkdir()
    (source / ".git/config").write_text("secret")
    layers.unpack(pack(source, tmp_path / "out"), tmp_path / "back")
    assert sorted(p.name for p in (tmp_path / "back").iterdir()) == ["inner", "pkg"]
    assert not (tmp_path / "back/pkg/deep").is_symlink()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


HOSTILE = {
    "an absolute name": [member("/etc/x")],
    "a name with ..": [member("a/../../x")],
    "a link that leads out": [member("a", tarfile.SYMTYPE, "../x")],
    "an absolute link": [member("a", tarfile.SYMTYPE, "/etc")],
    "a hard link": [member("a"), member("b", tarfile.LNKTYPE, "a")],
    "a device": [member("null", tarfile.CHRTYPE)],
    "a pipe": [member("pipe", tarfile.FIFOTYPE)],
    "writing through a link": [member("d", tarfile.DIRTYPE), member("l", tarfile.SYMTYPE, "d"), member("l/x")],
    "writing through the interpreter's link": [member("bin/python", tarfile.SYMTYPE, "/etc"), member("bin/python/x")],
    "a file twice": [member("a"), member("a")],
    "a folder over a link": [member("a", tarfile.SYMTYPE, "b"), member("a", tarfile.DIRTYPE)],
    "a bomb": [member("zeros", size=40_000_000)],
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path: Path, members: list[tarfile.TarInfo]) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for info in members:
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    archive = tmp_path / "x.tar.zst"
    archive.write_bytes(compress(buffer.getvalue()))
    with pytest.raises(PlatformError):
        layers.unpack(archive, tmp_path / "back")
    assert [path.name for path in tmp_path.iterdir()] == ["x.tar.zst"]


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) // 2], lambda _: b"no archive", lambda _: b""],
    ids=["cut off", "something else", "nothing"],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    packed = pack(tree(tmp_path / "one"), tmp_path / "out")
    packed.write_bytes(damage(packed.read_bytes()))
    with pytest.raises(PlatformError):
        layers.unpack(packed, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_folder_that_a_project_exchanged_for_a_link_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "static").symlink_to(tmp_path / "secrets")
    with pytest.raises(PlatformError, match="is a link"):
        pack(tmp_path / "static", tmp_path / "out")
