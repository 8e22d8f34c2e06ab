"""What ``dz deploy`` takes of a clone, and what it says is left out; on the real git."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dz.cli import clone, pushing
from dz.cli.client import Api
from dz.cli.where import Server
from dz.errors import UserError
from tests.repositories import Repository, new_repository
from tests.unit.cli.test_words import Terminal, screen


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    """A clone of a repository with a branch and a tag."""
    origin = new_repository(tmp_path / "origin", {"manage.py": "first\n"})
    origin.git("tag", "v1")
    origin.git("clone", "-q", str(origin.folder), str(tmp_path / "work"))
    return Repository(tmp_path / "work")


def test_a_clone_means_its_remote_and_branch_and_its_folder_itself(work: Repository, tmp_path: Path) -> None:
    (work.folder / "within").mkdir()
    here, itself = clone.here(work.folder), clone.committed(work.folder / "within")
    assert (here.address, here.ref) == (f"file://{tmp_path / 'origin'}", "main")
    assert (itself.address, itself.ref) == (f"file://{work.folder}", "main")
    assert here.left_out(pushed_only=True) == itself.left_out(pushed_only=False) == []


def test_what_is_not_pushed_and_what_is_not_committed_is_told(work: Repository) -> None:
    work.commit({"manage.py": "second\n"})
    assert clone.here(work.folder).left_out(pushed_only=True) == ["1 commit is not pushed."]
    work.git("push", "-q", "origin", "HEAD:change")  # not to the branch that it follows
    assert clone.here(work.folder).left_out(pushed_only=True) == ["1 commit is not pushed."]
    assert clone.committed(work.folder).left_out(pushed_only=False) == []
    work.git("checkout", "-q", "-b", "follows-nothing")
    work.commit({"manage.py": "third\n"})
    (work.folder / "manage.py").write_text("fourth\n")
    (work.folder / "new.py").write_text("new\n")
    assert clone.committed(work.folder).left_out(pushed_only=False) == [
        "1 commit is not pushed; taken all the same.",
        "2 files have changes that are not committed; they are left out.",
    ]


def test_a_detached_head_is_its_commit_and_no_branch_of_the_remote(work: Repository) -> None:
    work.git("checkout", "-q", "v1")
    head = work.git("rev-parse", "HEAD")
    assert (clone.here(work.folder).ref, clone.committed(work.folder).ref) == (head, head)


def test_a_repository_that_has_no_remote_has_nothing_to_push_and_one_without_a_commit_nothing_to_deploy(
    tmp_path: Path,
) -> None:
    alone = new_repository(tmp_path / "alone", {"manage.py": "first\n"})
    assert clone.committed(alone.folder).left_out(pushed_only=False) == []
    with pytest.raises(UserError) as told:
        clone.here(alone.folder)
    assert told.value.id == "cli.not-a-clone" and "dz deploy . " in told.value.next
    assert told.value.next.endswith("dz git alone")
    (tmp_path / "none").mkdir()
    for look in (clone.here, clone.committed):
        with pytest.raises(UserError) as told:
            look(tmp_path / "none")
        assert told.value.id == "cli.no-commit"


def test_a_clone_that_pushes_here_is_told_to_push(tmp_path: Path) -> None:
    alone = new_repository(tmp_path / "alone", {"manage.py": "first\n"})
    alone.git("remote", "add", "elsewhere", "https://git.example/git/other.git")  # no dz git made that one
    assert clone.pushed(alone.folder) == ("", "")
    alone.git("remote", "add", "zoom", "http://localhost:8800/git/shop.git")
    alone.git("config", "credential.http://localhost:8800.helper", f"!python -m {clone.OURS}")
    assert clone.pushed(alone.folder) == ("zoom", "shop")
    with pytest.raises(UserError) as told:
        clone.here(alone.folder)
    assert told.value.id == "cli.pushed" and told.value.next.startswith("git push zoom ")


def test_no_module_of_the_folder_one_stands_in_is_imported(tmp_path: Path) -> None:
    """A hostile clone is where ``dz`` is typed."""
    (tmp_path / "json.py").write_text("open('/dev/stderr', 'w').write('theirs')\nraise SystemExit(9)\n")
    dz = Path(sys.executable).with_name("dz")
    env = {"DZ_HOME": str(tmp_path / "home"), "PATH": os.defpath}
    for words in (["status"], ["down"]):  # the second becomes dz.local
        done = subprocess.run([dz, *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 3) and "theirs" not in done.stderr, done.stderr


def test_a_remote_that_led_to_another_project_is_not_led_elsewhere_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asked(Api):
        def post(self, path: str, *_: Any, **__: Any) -> Any:
            name = path.split("/")[2]
            return {"name": name, "url": f"http://localhost:1/git/{name}.git", "ref": "main", "made": False}

    monkeypatch.chdir(new_repository(tmp_path / "shop", {"manage.py": "first\n"}).folder)
    said = []
    for name in ("shop", "shop", "hello"):
        shown = screen()
        asked = argparse.Namespace(name=name, remote="dz", yes=True, json=False)
        pushing.git(asked, Asked(Server(url="http://localhost:1", token="t")), shown)
        assert isinstance(shown.err, Terminal)
        said.append("dz led to http://localhost:1/git/shop.git before" in shown.err.getvalue())
    assert said == [False, False, True]
