"""What people are told to type reaches this installation from where they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("dz")
SYSTEM = "/usr/bin:/bin"


def told(folder: Path, way: str | Path, path: str) -> str:
    """The ``Next`` of a command that finds no platform."""
    env = {"DZ_HOME": str(folder / "none"), "PATH": path}
    ran = subprocess.run([way, "jobs"], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    return ran.stderr.splitlines()[1].split("Next    ")[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clone with its launcher, and a virtualenv's script below it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/dz").symlink_to(SCRIPT)
    launcher = f'#!/bin/sh\nDZ_TYPED="$0" exec {sys.executable} -m dz.cli "$@"\n'
    (tmp_path / "dz").write_text(launcher)
    (tmp_path / "dz").chmod(0o755)
    return tmp_path


def test_a_command_is_shown_as_it_was_typed(folder: Path) -> None:
    assert told(folder, "./dz", SYSTEM).startswith("./dz up starts it")
    assert told(folder, "bin/dz", SYSTEM).startswith("bin/dz up starts it")


def test_the_bare_word_is_kept_where_path_leads_here(folder: Path) -> None:
    assert told(folder, "./dz", f"{folder}:{SYSTEM}").startswith("dz up starts it")
    assert told(folder, SCRIPT, f"{SCRIPT.parent}{os.pathsep}{SYSTEM}").startswith("dz up starts it")


def test_another_programs_dz_on_path_is_not_ours(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "dz").write_text("#!/bin/sh\n")
    (other / "dz").chmod(0o755)
    assert told(folder, "./dz", f"{other}:{SYSTEM}").startswith("./dz up starts it")


def test_documents_for_programs_keep_the_plain_word(folder: Path) -> None:
    env = {"DZ_HOME": str(folder / "none"), "PATH": SYSTEM}
    words = ["./dz", "jobs", "--json"]
    ran = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert '"next": "dz up starts it' in ran.stdout
