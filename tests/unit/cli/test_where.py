"""The folder of the platform's data, as ``dz`` finds it and as docs/first-hour.md has a reader find it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from dz.cli import where

PAGE = Path(__file__).resolve().parents[3] / "docs" / "first-hour.md"
LINES = re.findall(r"^.*\bdata=.*$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("given", [{}, {"XDG_DATA_HOME": "/data"}, {"DZ_HOME": "/zoom", "XDG_DATA_HOME": "/data"}])
def test_the_first_hour_looks_where_dz_does(given: dict[str, str], uid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DZ_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/ada", **given}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    script = "\n".join(["set -e", f"id() {{ echo {uid}; }}", *LINES, 'printf %s "$data"'])
    ran = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, check=True)
    assert LINES and ran.stdout == str(where.home())
