"""Which folders an interpreter takes with it into the sandbox."""

from __future__ import annotations

from pathlib import Path

from dz.seams.sandbox.interpreter import installed_in


def test_a_link_in_somebodys_home_takes_its_installation_along_and_nothing_of_the_home(tmp_path: Path) -> None:
    real = tmp_path / "pythons/cpython-3.12"
    (real / "lib/python3.12").mkdir(parents=True)
    (real / "bin").mkdir()
    (real / "bin/python3.12").touch()
    local = tmp_path / "ada/.local"
    (local / "bin").mkdir(parents=True)
    (local / "share").mkdir()
    link, other = local / "bin/python3.12", local / "bin/python3"
    link.symlink_to(real / "bin/python3.12")
    other.symlink_to("python3.12")
    assert installed_in(other) == (other, link, real)
    assert installed_in(real / "bin/python3.12") == (real,)


def test_a_virtualenv_is_there_with_the_installation_it_was_made_from(tmp_path: Path) -> None:
    real, env = tmp_path / "real", tmp_path / "env"
    for folder in (real, env):
        (folder / "lib/python3.12").mkdir(parents=True)
        (folder / "bin").mkdir()
    (real / "bin/python3.12").touch()
    (env / "bin/python").symlink_to(real / "bin/python3.12")
    assert installed_in(env / "bin/python") == (env, real)
