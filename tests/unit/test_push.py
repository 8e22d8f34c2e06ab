"""What a push may ask for, who tells Git the token, and which settings hold in a repository whatever it says itself."""

from __future__ import annotations

import base64
import os
import shlex
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from dz import pushed
from dz.cli.credential import answer
from dz.cli.where import Server
from dz.errors import UserError
from dz.push import repository
from dz.push.asked import Asked, asked, protocol_of, token_of
from dz.push.turns import OF_ONE, Turns
from dz.pushed import Staged, is_behind
from dz.run import run
from tests.repositories import new_repository

PUSH = "/git/shop.git/info/refs?service=git-receive-pack"


def test_no_project_takes_every_turn() -> None:
    turns = Turns()
    with ExitStack() as going_on:
        for name in ("shop", "blog", "wiki", "docs"):
            for _ in range(OF_ONE):
                going_on.enter_context(turns.one(name))
            with pytest.raises(UserError, match=f"4 pushes and fetches of {name} are going on"), turns.one(name):
                pass
        with pytest.raises(UserError, match="16 pushes and fetches are going on"), turns.one("news"):
            pass
    with turns.one("shop"):
        assert turns.taken() == 1


def test_a_branch_is_behind_a_push_that_went_live_over_it_and_not_behind_a_rollback() -> None:
    old, new, failed = ("a" * 40, "b" * 40, "c" * 40)

    def pushes(*commits: tuple[str, str]) -> list[str]:
        return [Staged(when=when, commit=commit, over=over).ref for when, (commit, over) in enumerate(commits)]

    first = (old, "0" * 40)
    assert is_behind(pushes(first, (new, old)), branch=old, live=new)
    assert is_behind(pushes(first, (new, old), (failed, old)), branch=old, live=new)
    assert not is_behind(pushes(first, (new, old), (old, new)), branch=old, live=new)  # pushed back, then rolled back
    assert not is_behind(pushes(first, (new, old)), branch=new, live=old)
    assert not is_behind(["refs/dz/" + new, "refs/dz/x", *pushes((failed, old))], branch=old, live=new)


def basic(words: str) -> str:
    return f"Basic {base64.b64encode(words.encode()).decode()}"


@pytest.mark.parametrize(
    ("method", "target", "found"),
    [
        ("GET", PUSH, ("shop", "git-receive-pack", True)),
        ("GET", "/git/shop/info/refs?service=git-upload-pack", ("shop", "git-upload-pack", True)),
        ("POST", "/git/a-b2.git/git-receive-pack", ("a-b2", "git-receive-pack", False)),
    ],
)
def test_what_git_asks_is_understood(method: str, target: str, found: tuple[str, str, bool]) -> None:
    name, service, advertised = found
    assert asked(method, target) == Asked(name=name, service=service, advertised=advertised)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", PUSH),
        ("PUT", "/git/shop.git/git-receive-pack"),
        ("GET", "/git/shop.git/git-receive-pack"),
        ("GET", "/git/shop.git/HEAD"),
        ("GET", "/git/shop.git/info/refs"),
        ("GET", f"{PUSH}&x=1"),
        ("GET", f"{PUSH}\n"),
        ("GET", "/git/../shop.git/info/refs?service=git-receive-pack"),
        ("GET", "/git/..%2fshop.git/info/refs?service=git-receive-pack"),
        ("GET", "/git/Shop.git/info/refs?service=git-receive-pack"),
        ("GET", "/git/.git/info/refs?service=git-receive-pack"),
        ("GET", "/git/shop.git/info/refs?service=git-upload-archive"),
        ("POST", "/git/shop.git/../p00000001.git/git-receive-pack"),
    ],
)
def test_anything_else_is_answered_before_a_path_is_made_of_it(method: str, target: str) -> None:
    assert asked(method, target) is None


def test_the_token_is_the_password_whoever_the_user_is() -> None:
    assert token_of(basic("dz:To-ken_1")) == token_of(basic(":To-ken_1")) == "To-ken_1"
    for other in ("", "Bearer abc", "Basic !", basic("dz"), basic("dz:"), basic("dz:a\r\nHost: x"), basic("dz:ü")):
        assert token_of(other) == ""
    assert (protocol_of("version=2"), protocol_of("version=2:x")) == ("version=2", "")


def test_a_repository_named_otherwise_than_by_an_app_id_is_none(tmp_path: Path) -> None:
    for wrong in ("shop", "../p00000001", "p00000001/x", ""):
        with pytest.raises(ValueError, match="not an app id"):
            repository.path(tmp_path, wrong)


def test_the_token_is_told_to_its_own_platform_alone() -> None:
    ours = Server(url="http://localhost:8800", socket="/s", token="secret")
    asked_by_git = ["protocol=http\n", "host=localhost:8800\n", "wwwauth[]=Basic\n", "\n"]
    assert answer("get", asked_by_git, ours) == "username=dz\npassword=secret\n"
    assert answer("store", asked_by_git, ours) == ""
    assert answer("get", ["protocol=http\n", "host=localhost:8801\n"], ours) == ""
    assert answer("get", ["protocol=https\n", "host=localhost:8800\n"], ours) == ""


def test_a_repositorys_own_hooks_and_settings_do_not_count(tmp_path: Path) -> None:
    """Against git itself: the hook that runs is ours, and a broken object is refused."""
    env = repository.environment(tmp_path)
    made = repository.made(tmp_path, "p00000001", "main", env)
    assert made == repository.made(tmp_path, "p00000001", "main", env)
    (made / "hooks").mkdir()
    hook = made / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    run(["git", "config", "core.hooksPath", made / "hooks"], cwd=made, env=env, deadline=20)
    run(["git", "config", "receive.fsckObjects", "false"], cwd=made, env=env, deadline=20)
    source = new_repository(tmp_path / "source", {"a": "1"})
    # Git takes its own variables away from what it starts here, as it does not behind HTTP.
    receives = tmp_path / "receives"
    with_env = shlex.join(["env", *(f"{name}={value}" for name, value in env.items())])
    receives.write_text(f'#!/bin/sh\nexec {with_env} git-receive-pack "$1"\n')
    receives.chmod(0o755)
    push = ["git", "push", f"--receive-pack={receives}", made]
    pushed = run([*push, "main"], cwd=source.folder, env=env, deadline=30)
    assert not pushed.ok and "hook declined to update refs/heads/main" in pushed.text  # ours, without its environment
    bad = source.folder / ".git" / "bad"
    bad.write_text(f"tree {source.git('rev-parse', 'HEAD^{tree}')}\nauthor A <a> 1 +0000\n\nno committer\n")
    commit = source.git("hash-object", "--literally", "-t", "commit", "-w", bad)
    refused = run([*push, f"{commit}:refs/heads/other"], cwd=source.folder, env=env, deadline=30)
    assert "missingCommitter" in refused.text
    assert not (tmp_path / "ran").exists()


def test_the_hook_is_there_to_run_and_nobodys_to_write() -> None:
    mode = (repository.HOOKS / "update").stat().st_mode
    assert os.access(repository.HOOKS / "update", os.X_OK) and not mode & (stat.S_IWGRP | stat.S_IWOTH)


def test_of_staged_commits_those_staged_last_stay_whatever_their_dates_are(tmp_path: Path) -> None:
    env = repository.environment(tmp_path)
    source = new_repository(tmp_path / "source")
    commits = [source.commit({"a": str(number)}) for number in range(repository.KEPT + 3)]
    for last in (*reversed(commits), commits[2]):  # the oldest commit last, and one of them again
        repository.stage(source.folder / ".git", last, "0" * 40, env)
    kept = source.git("for-each-ref", "--format=%(objectname)", pushed.FOLDER).split()
    assert sorted(kept) == sorted(commits[: repository.KEPT])
    assert repository.commit_of(source.folder / ".git", last, env) == last
    assert repository.commit_of(source.folder / ".git", source.git("rev-parse", "HEAD^{tree}"), env) == ""
