"""``git push dz main`` with git itself, as a person does it."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests import playing
from tests.platforms import DZ, Platform
from tests.repositories import Repository
from tests.waiting import until


@dataclass(frozen=True)
class Pusher:
    """A person in a clone: ``dz`` and ``git`` run there; ``git`` answers with its exit code and what it showed."""

    platform: Platform
    repository: Repository

    def dz(self, *words: str) -> str:
        done = self._run([DZ, *words], 0)
        return done.stdout.strip()

    def git(self, *words: str, code: int) -> str:
        done = self._run(["git", *words], code)
        return done.stdout + done.stderr

    def push(self, *words: str, code: int = 0) -> str:
        return self.git("push", "dz", *words, code=code)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        begun = subprocess.Popen(
            ["git", "push", "dz", *words],
            cwd=self.repository.folder,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.platform.begun.append(begun)
        return begun

    def _run(self, argv: list[str], code: int) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            argv,
            cwd=self.repository.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    @property
    def _env(self) -> dict[str, str]:
        return {**self.platform.environment, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@pytest.fixture
def project(platform: Platform, tmp_path: Path) -> playing.Project:
    return playing.words(platform, tmp_path, "pushed")


def test_a_push_is_a_deploy_and_one_that_fails_is_refused_while_the_old_version_serves(
    platform: Platform, project: playing.Project
) -> None:
    pusher, name = Pusher(platform, project.repository), project.name
    assert pusher.dz("git", name, "--yes") == f"{platform.url}git/{name}.git"
    token = (platform.home / "token").read_text().strip()
    assert token not in (project.repository.folder / ".git" / "config").read_text()

    said = pusher.push("main")
    assert f"remote:  ✓ {name} is live after" in said and f"remote:    http://{name}.localhost" in said
    assert project.page() == "1 first 0"

    project.says("second")
    project.repository.commit({"words/wsgi.py": "import nothing_there\n"})
    refused = pusher.push("main", code=1)
    assert "remote:   Where   words/wsgi.py:1  import nothing_there" in refused
    assert "remote:   Live    release 1 serves as before" in refused and "[remote rejected] main -> main" in refused
    assert project.page() == "1 first 0"

    project.repository.commit({"large.bin": os.urandom(3_000_000)})  # more than any buffer on its way
    kept = pusher.push("main:dev")
    assert f"remote: dev is kept and not deployed: {name} is deployed from main." in kept
    assert "it stays" in pusher.push(":main", code=1)
    again = platform.dz("deploy", f"{platform.url}git/{name}.git", "--json")
    assert (again.code, again.json["project"], again.json["same_as"]) == (0, name, 1), again.err

    _goes_on_alone(pusher, project)
    _outlives_its_push(pusher, project)

    gone = platform.dz("destroy", name, "--yes", "--no-backup", "--json")
    assert gone.code == 0, gone.err
    assert list((platform.home / "work" / "push" / "repositories").glob("*.git")) == []


def _goes_on_alone(pusher: Pusher, project: playing.Project) -> None:
    """Pushed in place of what was there, one at a time; whoever pushed may leave."""
    commit = pusher.repository.git("rev-parse", "main~2")
    pusher.repository.git("reset", "-q", "--hard", commit)
    pusher.repository.git("commit", "-q", "--amend", "-m", "Said anew")
    with pusher.platform.parked("deploy"):
        first = pusher.begin("--force", "main")
        assert first.stdout is not None
        assert any("Start the release" in line for line in first.stdout)
        assert f"Another push to {project.name} is still being deployed." in pusher.push("-f", "main", code=1)
        first.send_signal(signal.SIGINT)
        first.wait(60)
    anew = pusher.repository.git("rev-parse", "main")
    until(lambda: anew in pusher.git("ls-remote", "dz", "main", code=0), what="the branch moved all the same")
    assert project.page() == "4 second 0"


def words_of(pid: int) -> list[str]:
    """Its command line; nothing where it has ended meanwhile, as a pool's process does."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.NoSuchProcess:
        return []


def _outlives_its_push(pusher: Pusher, project: playing.Project) -> None:
    """What was pushed is live, and its branch is behind: to deploy the branch would take it back."""
    project.says("third")
    with pusher.platform.parked("deploy"):
        push = pusher.begin("main")
        assert push.stdout is not None
        assert any("Start the release" in line for line in push.stdout)
        hooks = [pid for pid in pusher.platform.processes() if "dz.push.hook" in words_of(pid)]
        for pid in hooks:
            os.kill(pid, signal.SIGKILL)
        assert hooks and push.wait(60) == 1
    until(lambda: project.page() == "5 third 0", what="the deploy went on")
    again = pusher.platform.dz("deploy", project.name)
    assert again.code == 0, again.err
    assert project.page() == "6 third 0"
    mistyped = pusher.platform.dz("deploy", project.name, "--ref", "nowhere", "--json").json
    assert mistyped["error"] == f"{project.name} has no branch, tag or commit nowhere."
    assert f"dz deploy {project.name} --ref " in mistyped["next"]


def test_who_may_not_push_is_told_so_in_gits_own_way(platform: Platform, project: playing.Project) -> None:
    pusher, name = Pusher(platform, project.repository), project.name
    assert platform.dz("check", project.repository.url, "--name", name).code == 0
    refused = platform.dz("git", name, "--json")
    assert (refused.code, refused.json["error_id"]) == (1, "push.other-source"), refused.err

    pusher.git("remote", "add", "dz", f"{platform.url}git/{name}.git", code=0)
    _tells(pusher, platform, "not-the-token")
    wrong = pusher.push("main", code=128)
    assert "remote: The platform does not know who asks." in wrong and "Authentication failed" in wrong
    _tells(pusher, platform, (platform.home / "token").read_text().strip())
    elsewhere = pusher.push("main", code=128)
    assert (
        f"remote: {name} is deployed from file://" in elsewhere
        and f"remote: Next: Push there, then dz deploy {name}" in elsewhere
    )
    unknown = pusher.git("push", f"{platform.url}git/{name}s.git", "main", code=128)
    assert f"remote: There is no project {name}s. Did you mean {name}?" in unknown

    pusher.dz("git", name, "--yes")
    assert pusher.git("ls-remote", "dz", code=0) == ""
    empty = platform.dz("deploy", name, "--json")
    assert (empty.code, empty.json["error_id"]) == (1, "repo.empty"), empty.err


def _tells(pusher: Pusher, platform: Platform, password: str) -> None:
    """What a person typed at Git's prompt, from then on."""
    key = f"credential.{platform.url.rstrip('/')}.helper"
    pusher.git("config", "--replace-all", key, f"!echo username=ada; echo password={password}; :", code=0)
