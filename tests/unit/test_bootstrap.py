"""The way in from a fresh clone: what bin/bootstrap.py decides, without installing anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "bin"
sys.path.insert(0, str(BIN))

import pythons  # noqa: E402
import steps  # noqa: E402
import tools  # noqa: E402


def fake(folder: Path, version: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old, new = fake(tmp_path / "a", "3.8.18"), fake(tmp_path / "b", "3.12.1")
    assert pythons.best([old, new], rooted=False) == new


def test_none_that_fits_means_that_uv_fetches_one(tmp_path: Path) -> None:
    assert pythons.best([fake(tmp_path, "3.9.1")], rooted=False) == ""


def test_a_python_that_does_not_start_is_none() -> None:
    assert pythons.version_of("/nonexistent/python3") == ""


def test_as_root_one_that_everybody_reaches_comes_first(tmp_path: Path) -> None:
    closed = fake(tmp_path / "closed", "3.12.1")
    (tmp_path / "closed").chmod(0o700)
    if pythons.everybody_reaches(sys.executable):
        everybodys = os.path.realpath(sys.executable)
    else:
        everybodys = "/usr/bin/python3"
        if not pythons.fits(pythons.version_of(everybodys)):
            everybodys = closed
    assert pythons.best([closed, everybodys], rooted=True) == everybodys


def test_it_finds_an_interpreter_on_this_machine() -> None:
    assert pythons.fits(pythons.version_of(pythons.best()))


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"])
def test_the_operators_index_is_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for one in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, "https://mirror.example/simple")
    assert tools.own_index() == "https://mirror.example/simple"


def test_the_index_of_pips_configuration_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for one in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(one, raising=False)
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mirror.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert tools.own_index() == "https://mirror.example/simple"


def test_an_unknown_word_is_told_with_the_known_ones() -> None:
    done = subprocess.run([sys.executable, BIN / "bootstrap.py", "dmo"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "demo|up|down" in done.stderr


def began(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Of a clone with nothing in it but bin, so that a step that begins after all finds no tests."""
    shutil.copytree(BIN, folder / "bin", dirs_exist_ok=True)
    argv = [sys.executable, folder / "bin" / "bootstrap.py", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("step", ["test", "lint", "bench", "corpus", "soak", "faults", "sync"])
def test_help_for_a_step_says_what_it_does_and_begins_nothing(tmp_path: Path, step: str) -> None:
    for words in ((step, "--help"), (step, "-h")):
        done = began(*words, folder=tmp_path)
        assert (done.returncode, done.stdout.startswith(f"{step} "), done.stderr) == (0, True, "")
    assert {one.name for one in tmp_path.iterdir()} == {"bin"}


def test_help_of_all_names_each_word_and_a_step_takes_no_other(tmp_path: Path) -> None:
    done = began("--help", folder=tmp_path)
    assert done.returncode == 0 and all(f"\n  {word} " in done.stdout for word in ("demo", "test", "sync"))
    refused = began("test", "-x", folder=tmp_path)
    assert (refused.returncode, "here is -x" in refused.stderr) == (1, True)


def test_tests_are_chosen_by_stage_or_in_pytests_own_words() -> None:
    assert [name for name, _ in steps.chosen("unit")] == ["unit"]
    assert steps.chosen("tests/unit/test_bootstrap.py -x") == [("chosen", ["tests/unit/test_bootstrap.py", "-x"])]
    assert next(name for name, _ in steps.chosen("")) == "unit"


def test_every_folder_of_tests_is_in_a_stage() -> None:
    folders = {f"tests/{path.name}" for path in (BIN.parent / "tests").iterdir() if any(path.glob("**/test_*.py"))}
    assert folders <= {word for words in steps.STAGES.values() for word in words}
