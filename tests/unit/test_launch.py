"""The launcher of a running site and the death of its supervisor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dz.seams.sandbox import launch

# What a supervisor does that is killed before the launcher that it forked could say whose death is its own.
DIES_AT_ONCE = """
import os, sys

supervisor = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == supervisor:
    pass
os.execv(sys.argv[1], sys.argv[1:])
"""
STAYS = "import subprocess, sys; subprocess.run(sys.argv[1:])"


def test_a_launcher_whose_supervisor_is_dead_already_starts_nothing(tmp_path: Path) -> None:
    assert said(DIES_AT_ONCE, tmp_path / "site.spec") == ""


def test_a_launcher_becomes_what_its_spec_names(tmp_path: Path) -> None:
    assert said(STAYS, tmp_path / "site.spec") == "the site runs\n"


def said(supervisor: str, spec: Path) -> str:
    launch.write(spec, argv=["/bin/echo", "the site runs"], hidden=[], address="127.0.0.1", port=None, uid=None)
    argv = [sys.executable, "-c", supervisor, *launch.command(spec)]
    return subprocess.run(
        argv, stdout=subprocess.PIPE, text=True, start_new_session=True, check=True, timeout=30
    ).stdout
