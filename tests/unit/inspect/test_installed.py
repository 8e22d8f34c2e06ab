"""What a committed virtualenv is taken to hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.build.inspect.tree import MOST_INSTALLED, Tree


def virtualenv(root: Path, *installed: str) -> Path:
    packages = root / "lib/python3.8/site-packages"
    for name in installed:
        (packages / f"{name}.dist-info").mkdir(parents=True)
    (root / "pyvenv.cfg").write_text("")
    return packages


def test_its_packages_are_known_by_name_and_version_and_what_is_called_otherwise_is_none(tmp_path: Path) -> None:
    virtualenv(tmp_path / "env", "Django-2.2.1", "Pillow_SIMD-7.0.0.post3", "mine-HEAD", "-", "bare")
    assert Tree(tmp_path).installed == {"django": "2.2.1", "pillow-simd": "7.0.0.post3"}


def test_what_lies_outside_of_the_repository_is_not_looked_at(tmp_path: Path) -> None:
    outside = virtualenv(tmp_path / "outside", "django-2.2.1")
    within = tmp_path / "repository" / "env"
    (within / "lib/python3.8").mkdir(parents=True)
    (within / "pyvenv.cfg").write_text("")
    (within / "lib/python3.8/site-packages").symlink_to(outside)
    linked = within.parent / "linked"
    linked.mkdir()
    (linked / "pyvenv.cfg").symlink_to(within / "pyvenv.cfg")
    tree = Tree(tmp_path / "repository")
    assert (tree.installed, list(tree.files)) == ({}, ["env/pyvenv.cfg"])


@pytest.mark.parametrize("more", [0, 50])
def test_of_very_many_the_first_are_taken(tmp_path: Path, more: int) -> None:
    virtualenv(tmp_path / "env", *(f"a{n:04}-1.0" for n in range(MOST_INSTALLED + more)))
    assert len(Tree(tmp_path).installed) == MOST_INSTALLED
