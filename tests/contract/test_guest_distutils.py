"""distutils, which Python had itself until 3.12 and which a newer setuptools replaces by its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dz.run import check
from tests.guests import GUEST, interpreters

ASK = (
    f"import sys; sys.path.insert(0, {str(GUEST.parent)!r}); import main; main.own_distutils()\n"
    "from distutils.command import upload; import distutils; print(distutils.__file__)"
)


def test_code_finds_the_commands_that_its_python_has(tmp_path: Path) -> None:
    base = max((one for one in interpreters() if (3, 9) <= one < (3, 12)), default=None)
    if base is None:
        pytest.skip("no Python from 3.9 to 3.11 here")
    check([interpreters()[base], "-m", "venv", "--without-pip", tmp_path], deadline=60)
    python, uv = tmp_path / "bin/python", Path(sys.executable).with_name("uv")
    check([uv, "pip", "install", "--python", python, "setuptools<81"], deadline=200)
    shown = check([python, "-W", "ignore", "-c", "import distutils; print(distutils.__file__)"], deadline=30).text
    assert "setuptools" in shown, "it is replaced, unless somebody sees to it"
    assert "setuptools" not in check([python, "-W", "ignore", "-c", ASK], deadline=30).text
