"""Which folders an interpreter takes with it into the sandbox."""

from __future__ import annotations

from pathlib import Path

from dz.seams.sandbox.interpreter import installed_in
from tests.repositories import write_tree


def test_a_link_in_somebodys_home_takes_its_installation_along_and_nothing_of_the_home(tmp_path: Path) -> None:
    real = tmp_path / "pythons/cpython-3.12"
    write_tree(real, {"lib/python3.12/os.py": "", "bin/python3.12": ""})
    local = tmp_path / "ada/.local"
    write_tree(local, {"bin/uv": "", "lib/python3.12/site-packages/six.py": "", "share/djangozoom/keys": ""})
    link, other = local / "bin/python3.12", local / "bin/python3"
    link.symlink_to(real / "bin/python3.12")
    other.symlink_to("python3.12")
    assert installed_in(other) == (other, link, real)
    assert installed_in(real / "bin/python3.12") == (real,)


def test_a_program_that_is_no_python_comes_alone(tmp_path: Path) -> None:
    home = write_tree(tmp_path / "home", {"tools/uv-1": "", "keys": ""})
    assert installed_in(home / "tools/uv-1") == (home / "tools/uv-1",)
    assert installed_in(Path("/usr/bin/env")) == ()


def test_a_virtualenv_is_there_with_the_installation_it_was_made_from(tmp_path: Path) -> None:
    real, env = tmp_path / "real", tmp_path / "env"
    write_tree(real, {"lib/python3.12/os.py": "", "bin/python3.12": ""})
    write_tree(env, {"pyvenv.cfg": ""})
    (env / "bin").mkdir()
    (env / "bin/python").symlink_to(real / "bin/python3.12")
    assert installed_in(env / "bin/python") == (env, real)
