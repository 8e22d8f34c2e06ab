"""Byte code is compiled once for all environments of a host, and named by nothing but its source."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from packaging.version import Version

from dz.tasklib.build.bytecode import ByteCode
from dz.tasklib.build.interpreters import Interpreter

PYTHON = Interpreter(version=Version(".".join(map(str, sys.version_info[:3]))), path=Path(sys.executable))


def compiled(root: Path, name: str, files: Mapping[str, str]) -> dict[str, Path]:
    """An environment with these modules; the byte code of each that has some."""
    lib = root / name / "lib"
    lib.mkdir(parents=True)
    for module, text in files.items():
        (lib / f"{module}.py").write_text(text)
    code = ByteCode(PYTHON, root / name, root / "cache")
    code.compile(deadline=60)
    code.keep()
    return {file.name.partition(".")[0]: file for file in (lib / "__pycache__").iterdir()}


def test_what_one_environment_compiled_the_next_is_linked_to_and_compiles_the_rest(tmp_path: Path) -> None:
    first = compiled(tmp_path, "first", {"same": "X = 1\n", "other": "X = 2\n", "broken": "x = = 1\n"})
    second = compiled(tmp_path, "second", {"same": "X = 1\n", "other": "X = 3\n", "renamed": "X = 2\n"})
    assert (set(first), set(second)) == ({"same", "other"}, {"same", "other", "renamed"})
    assert os.path.samefile(first["same"], second["same"])
    assert os.path.samefile(first["other"], second["renamed"])
    assert not os.path.samefile(first["other"], second["other"])
    assert str(tmp_path).encode() not in first["same"].read_bytes()


def test_byte_code_that_a_wheel_brings_is_not_used(tmp_path: Path) -> None:
    tag = sys.implementation.cache_tag
    planted = tmp_path / "env/lib/__pycache__" / f"same.{tag}.pyc"
    planted.parent.mkdir(parents=True)
    planted.write_bytes(b"planted")
    (tmp_path / "env/lib/same.py").write_text("X = 1\n")
    ByteCode(PYTHON, tmp_path / "env", tmp_path / "cache").compile(deadline=60)
    assert planted.read_bytes()[4:8] == b"\1\0\0\0"


def test_a_home_that_is_named_like_a_folder_of_tests_has_its_environments_compiled(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    assert set(compiled(tmp_path / "tests", "env", {"same": "X = 1\n"})) == {"same"}
