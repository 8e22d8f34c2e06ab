"""Wheels out of a project's hands: what uv gets to unpack is what was checked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dz.errors import UserError
from dz.tasklib.build.wheels import UNPACKED, keep

NAME = "shop-1.0-py3-none-any.whl"


def wheel(folder: Path, files: dict[str, bytes], claims: dict[str, int] | None = None) -> dict[str, Path]:
    """``claims``: sizes to write into the list of members instead of the true ones."""
    folder.mkdir()
    with zipfile.ZipFile(folder / NAME, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
        for name, size in (claims or {}).items():
            made.getinfo(name).file_size = size
    return {NAME: folder / NAME}


def kept(tmp_path: Path, given: dict[str, Path]) -> Path:
    (one,) = keep(given, {"shop"}, tmp_path / "wheels", python="3.12")
    assert (one.name, one.version, len(one.hashes)) == ("shop", "1.0", 1)
    return tmp_path / "wheels" / NAME


def test_a_wheel_is_kept_with_its_files_and_their_modes_and_twice_as_the_same_bytes(tmp_path: Path) -> None:
    given = wheel(tmp_path / "box", {"shop/a.py": b"a = 1\n", "shop/data.bin": b"\0" * 300_000})
    first = kept(tmp_path, given).read_bytes()
    with zipfile.ZipFile(kept(tmp_path, given)) as copy:
        assert copy.testzip() is None
        assert copy.read("shop/a.py") == b"a = 1\n" and len(copy.read("shop/data.bin")) == 300_000
        assert copy.getinfo("shop/a.py").external_attr >> 16 == 0o600
    assert kept(tmp_path, given).read_bytes() == first


def test_one_that_unpacks_to_more_than_fits_is_refused(tmp_path: Path) -> None:
    half = UNPACKED // 2 + 1
    given = wheel(tmp_path / "box", {"shop/a": b"x", "shop/b": b"x"}, {"shop/a": half, "shop/b": half})
    with pytest.raises(UserError) as refused:
        keep(given, {"shop"}, tmp_path / "wheels", python="3.12")
    assert refused.value.id == "build.layer-too-big"


def test_one_that_claims_to_be_smaller_than_it_is_is_refused(tmp_path: Path) -> None:
    given = wheel(tmp_path / "box", {"shop/bomb": b"\0" * 1_000_000}, {"shop/bomb": 10})
    with pytest.raises(UserError) as refused:
        keep(given, {"shop"}, tmp_path / "wheels", python="3.12")
    assert refused.value.id == "build.package-build-failed"


@pytest.mark.parametrize("name", ["/etc/passwd", "../../x", "shop/../../x"])
def test_one_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    given = wheel(tmp_path / "box", {name: b"x"})
    with pytest.raises(UserError):
        keep(given, {"shop"}, tmp_path / "wheels", python="3.12")


def test_one_that_nobody_asked_for_is_left_and_one_that_is_missing_is_told(tmp_path: Path) -> None:
    given = wheel(tmp_path / "box", {"a": b"x"})
    with pytest.raises(UserError):
        keep(given, {"other"}, tmp_path / "wheels", python="3.12")
    assert not (tmp_path / "wheels").exists()
