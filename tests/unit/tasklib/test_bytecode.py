"""Byte code is compiled once for all environments of a host, and named by nothing but its source."""

from __future__ import annotations

import marshal
import os
import struct
import sys
from collections.abc import Mapping
from importlib.util import MAGIC_NUMBER
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


def test_byte_code_that_a_wheel_brings_as_if_it_were_of_that_very_source_is_nobodys(tmp_path: Path) -> None:
    """compileall leaves alone what names the source's time; kept, it would be every project's."""
    source = tmp_path / "env/lib/same.py"
    planted = source.parent / "__pycache__" / f"same.{sys.implementation.cache_tag}.pyc"
    planted.parent.mkdir(parents=True)
    source.write_text("X = 1\n")
    header = MAGIC_NUMBER + struct.pack("<LLL", 0, int(source.stat().st_mtime), source.stat().st_size)
    planted.write_bytes(header + marshal.dumps(compile("X = 666", "same.py", "exec")))
    code = ByteCode(PYTHON, tmp_path / "env", tmp_path / "cache")
    code.compile(deadline=60)
    code.keep()
    (kept,) = (one for one in (tmp_path / "cache").rglob("*") if one.is_file())
    assert planted.read_bytes() == kept.read_bytes()
    assert marshal.loads(kept.read_bytes()[16:]).co_consts[0] == 1


def test_a_file_where_the_folder_of_byte_code_would_be_is_done_without(tmp_path: Path) -> None:
    lib = tmp_path / "env/lib"
    lib.mkdir(parents=True)
    (lib / "same.py").write_text("X = 1\n")
    (lib / "__pycache__").write_text("a wheel's")
    code = ByteCode(PYTHON, tmp_path / "env", tmp_path / "cache")
    code.compile(deadline=60)
    code.keep()
    assert (lib / "__pycache__").read_text() == "a wheel's"


def test_a_home_that_is_named_like_a_folder_of_tests_has_its_environments_compiled(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    assert set(compiled(tmp_path / "tests", "env", {"same": "X = 1\n"})) == {"same"}
