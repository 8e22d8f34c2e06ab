"""Fetching commits with the real git, from folders, over https and over ssh."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dz.errors import Cancelled, PlatformError, Transient, UserError
from dz.log import Secret
from dz.tasklib.build import git as dzgit
from dz.tasklib.build import gitlisting
from dz.tasklib.build.deploykeys import generate_key
from dz.tasklib.build.githome import GitHome
from dz.tasklib.folders import fresh
from tests import faultkit
from tests.repositories import GitServer, Repository, new_repository
from tests.waiting import until


class Notes:
    """A JobLog that remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str, *, level: str = "info") -> None:
        self.notes.append(text)

    def output(self, piece: bytes) -> None: ...

    def begin(self, part: str) -> None: ...

    def end(self, part: str, seconds: float, *, ok: bool) -> None: ...

    def hide(self, name: str, secret: str) -> None: ...

    def title(self, text: str) -> None: ...


class Fetching:
    """``checkout`` with one work folder."""

    def __init__(self, folder: Path) -> None:
        self.work, self.into, self.log = folder / "work", folder / "tree", Notes()

    def checkout(self, url: str, ref: str = "", **more: object) -> dzgit.Checkout:
        options = {"log": self.log, "deadline": 60, "work": self.work, "file_urls": True} | more
        return dzgit.checkout(dzgit.Remote(url=url, **options), ref, fresh(self.into))  # type: ignore[arg-type]

    def refused(self, url: str, ref: str = "", **more: object) -> UserError:
        with pytest.raises(UserError) as refused:
            self.checkout(url, ref, **more)
        return refused.value


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    return Fetching(tmp_path / "fetching")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = new_repository(tmp_path / "origin", {"manage.py": "first\n"})
    made.git("tag", "-a", "v1", "-m", "One")
    made.git("checkout", "-q", "-b", "develop")
    made.commit({"manage.py": "second\n"}, "Second, with é")
    made.git("checkout", "-q", "main")
    return made


def test_a_branch_a_tag_and_a_commit_short_or_whole_lead_to_their_commit(
    fetching: Fetching, repository: Repository
) -> None:
    first, second = repository.git("rev-parse", "main"), repository.git("rev-parse", "develop")
    wanted = {"": (first, "main"), "develop": (second, "develop"), "v1": (first, ""), second[:10]: (second, "")}
    for ref, (commit, branch) in wanted.items():
        done = fetching.checkout(repository.url, ref)
        assert (done.commit, done.branch) == (commit, branch), ref
    done = fetching.checkout(repository.url, "develop")
    assert (done.commit, done.subject, done.branch) == (second, "Second, with é", "develop")
    assert done.committed_at == int(repository.git("log", "-1", "--format=%ct", "develop"))
    again = fetching.checkout(repository.url, first)
    assert again.commit == first
    assert [p.name for p in fetching.into.iterdir()] == ["manage.py"]
    assert (fetching.into / "manage.py").read_text() == "first\n"


def test_over_https_a_repository_moved_within_its_host_is_followed_and_one_moved_elsewhere_is_not(
    fetching: Fetching, git_server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = new_repository(git_server.root / "site", {"manage.py": "x"}).git("rev-parse", "HEAD")
    refused = fetching.refused(git_server.url("site"))
    assert refused.id == "repo.bad-certificate"
    monkeypatch.setenv("SSL_CERT_FILE", str(git_server.ca))
    assert fetching.checkout(git_server.url("site")).commit == commit
    git_server.moved["old"] = "/site"
    assert fetching.checkout(git_server.url("old")).commit == commit
    git_server.moved["away"] = f"https://127.0.0.1:{git_server.port}/site"
    assert fetching.refused(git_server.url("away")).id in ("repo.redirected", "repo.bad-certificate")
    git_server.private.add("hidden")
    assert fetching.refused(git_server.url("hidden")).id == "repo.not-found"
    assert fetching.refused(git_server.url("nowhere")).id == "repo.not-found"


def test_each_wrong_address_or_name_is_told_by_its_own_problem(
    fetching: Fetching, repository: Repository, tmp_path: Path
) -> None:
    assert fetching.refused(f"file://{tmp_path}/missing").id == "repo.no-folder"
    wrong = fetching.refused(repository.url, "develp")
    assert wrong.id == "repo.no-such-ref" and "develop" in wrong.next
    assert fetching.refused(repository.url, "--upload-pack=x").id == "repo.bad-ref"
    assert fetching.refused(new_repository(tmp_path / "empty").url).id == "repo.empty"
    damaged = new_repository(tmp_path / "damaged", {"manage.py": "x = 1\n"})
    loose = damaged.git("rev-parse", "HEAD:manage.py").strip()
    (tmp_path / "damaged/.git/objects" / loose[:2] / loose[2:]).unlink()
    assert fetching.refused(damaged.url).id == "repo.git-failed"
    with pytest.raises(UserError) as gone:
        fetching.checkout(repository.url, "0" * 40)
    assert gone.value.id == "repo.no-such-ref"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    unreachable = fetching.refused(f"https://localhost:{port}/o/r")
    assert unreachable.id == "repo.host-unreachable" and "localhost" in unreachable.brief
    assert fetching.refused("https://nowhere.invalid/o/r").id == "repo.host-unreachable"


def test_a_host_that_never_answers_is_given_up_at_the_deadline_and_a_cancelled_fetch_at_once(
    fetching: Fetching,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/o/r"
        with pytest.raises(Transient):
            fetching.checkout(url, deadline=1)
        began = time.monotonic()
        with pytest.raises(Cancelled):
            fetching.checkout(url, stop=lambda: True)
        assert time.monotonic() - began < 30


def test_a_repository_runs_nothing_and_leaves_no_way_out_of_the_work_folder(
    fetching: Fetching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[filter "trap"]\n\tsmudge = touch {trap}\n[core]\n\thooksPath = {home}\n')
    (home / "post-checkout").write_text(f"#!/bin/sh\ntouch {trap}\n")
    (home / "post-checkout").chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    origin = new_repository(
        tmp_path / "origin",
        {
            ".gitattributes": "*.py filter=trap\n",
            "manage.py": "x",
            ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch /tmp/x"\n',
        },
    )
    (origin.folder / "post-checkout").write_text(f"#!/bin/sh\ntouch {trap}\n")
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{origin.git('rev-parse', 'HEAD')},x")
    origin.git("commit", "-q", "-m", "A submodule")
    fetching.checkout(origin.url)
    assert not trap.exists()
    assert "the submodule x is left out: " in " ".join(fetching.log.notes)
    assert [p.name for p in fetching.work.iterdir()] == []


def test_submodules_come_along_and_one_that_cannot_be_had_is_said(fetching: Fetching, tmp_path: Path) -> None:
    inner = new_repository(tmp_path / "inner", {"deep.txt": "deep"})
    theme = new_repository(tmp_path / "theme", {"base.html": "x"})
    origin = new_repository(tmp_path / "origin", {"manage.py": "x"})
    for repository, path, url, commit in (
        (theme, "inner", "../inner", inner.git("rev-parse", "HEAD")),
        (origin, "static/theme", "../theme", ""),
        (origin, "gone", "../gone", "0" * 39 + "1"),
    ):
        text = f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n'
        before = repository.folder / ".gitmodules"
        before.write_text((before.read_text() if before.exists() else "") + text)
        repository.git("add", ".gitmodules")
        commit = commit or theme.git("rev-parse", "HEAD")
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        repository.git("commit", "-q", "-m", "A submodule")
    fetching.checkout(origin.url)
    files = {str(one.relative_to(fetching.into)) for one in fetching.into.rglob("*") if one.is_file()}
    assert files == {
        "manage.py", ".gitmodules", "static/theme/base.html", "static/theme/.gitmodules", "static/theme/inner/deep.txt"
    }  # fmt: skip
    assert [note for note in fetching.log.notes if "submodule" in note] == [
        f"the submodule gone is left out: There is no Git repository in {tmp_path / 'gone'}."
    ]


@pytest.mark.parametrize(
    ("address", "among_others", "why"),
    [
        ("../../operators/private", False, "it lies elsewhere on this machine"),
        ("file://{}/operators/private", False, "it lies elsewhere on this machine"),
        ("file://{}/cloned/%2e%2e/operators/private", False, "it lies elsewhere on this machine"),
        ("../neighbour", True, "Folders of this machine (file://) are not taken as repositories here."),
    ],
)
def test_no_repository_of_this_machine_comes_along_that_is_another_owners(
    fetching: Fetching, tmp_path: Path, address: str, among_others: bool, why: str
) -> None:
    private = new_repository(tmp_path / "operators/private", {"key.txt": "secret"})
    neighbour = new_repository(tmp_path / "cloned/neighbour", {"key.txt": "secret"})
    origin = new_repository(tmp_path / "cloned/origin", {"manage.py": "x"})
    commit = (neighbour if among_others else private).git("rev-parse", "HEAD")
    url = address.format(tmp_path)
    (origin.folder / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = x\n\turl = {url}\n')
    origin.git("add", ".gitmodules")
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{commit},x")
    origin.git("commit", "-q", "-m", "A submodule")
    fetching.checkout(origin.url, among_others=among_others)
    assert not list(fetching.into.rglob("key.txt"))
    assert fetching.log.notes == [f"the submodule x is left out: {why}"]


def test_a_repository_of_another_user_is_read_by_its_file_address(fetching: Fetching, tmp_path: Path) -> None:
    origin = new_repository(tmp_path / "origin", {"manage.py": "x"})
    if os.getuid() == 0:
        for path in [origin.folder, *origin.folder.rglob("*")]:
            os.lchown(path, 12345, 12345)
    assert fetching.checkout(origin.url).branch == "main"


def test_more_than_the_limit_is_refused_before_it_is_written_out(fetching: Fetching, tmp_path: Path) -> None:
    origin = new_repository(tmp_path / "origin")
    # Many names for one small file: the listing is long and the repository is not.
    blob = (
        subprocess.run(
            ["git", "-C", origin.folder, "hash-object", "-w", "--stdin"], input=b"x", capture_output=True, check=True
        )
        .stdout.decode()
        .strip()
    )
    lines = "".join(f"100644 {blob}\t{number}\n" for number in range(gitlisting.MOST_FILES + 1))
    subprocess.run(["git", "-C", origin.folder, "update-index", "--index-info"], input=lines.encode(), check=True)
    origin.git("commit", "-q", "-m", "Too many")
    with pytest.raises(UserError) as refused:
        fetching.checkout(origin.url)
    assert refused.value.id == "repo.too-big"
    assert not (fetching.into / "0").exists()


def test_folders_of_folders_are_refused_before_git_has_listed_them(fetching: Fetching, tmp_path: Path) -> None:
    origin = new_repository(tmp_path / "origin", {"file": "x"})
    tree = origin.git("rev-parse", "HEAD^{tree}")
    for _ in range(9):  # a thousand million files
        lines = "".join(f"040000 tree {tree}\t{number}\n" for number in range(10))
        words = ["git", "-C", str(origin.folder), "mktree"]
        made = subprocess.run(words, input=lines.encode(), capture_output=True, check=True)
        tree = made.stdout.decode().strip()
    origin.git("update-ref", "HEAD", origin.git("commit-tree", tree, "-m", "A bomb"))
    with pytest.raises(UserError) as refused:
        fetching.checkout(origin.url, deadline=10)
    assert refused.value.id == "repo.too-big"


@pytest.fixture
def ssh_server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """sshd on a free port of loopback; gives the port and the file of keys it lets in."""
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if sshd is None:
        pytest.skip("no sshd: apt-get install openssh-server")
    folder = tmp_path / "sshd"
    folder.mkdir()
    Path("/run/sshd").mkdir(exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host"], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/keys\n"
        "PermitRootLogin yes\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nPidFile none\n"
    )
    (folder / "keys").touch()
    daemon = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port), what="sshd listening")
        yield port, folder / "keys"
    finally:
        daemon.terminate()
        daemon.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.root
def test_over_ssh_the_deploy_key_opens_the_repository_and_its_absence_does_not(
    fetching: Fetching, repository: Repository, ssh_server: tuple[int, Path]
) -> None:
    port, allowed = ssh_server
    url = f"ssh://root@localhost:{port}{repository.folder}"
    private, public = generate_key()
    assert fetching.refused(url, key=private).id == "repo.not-found"
    allowed.write_text(f"{public}\n")
    assert fetching.checkout(url, key=private).commit == repository.git("rev-parse", "main")
    assert fetching.refused(url).id == "repo.not-found"
    assert [p.name for p in fetching.work.iterdir()] == ["known_hosts"]


def test_a_deploy_key_is_one_that_ssh_keygen_reads_and_never_shows_its_private_half(tmp_path: Path) -> None:
    private, public = generate_key()
    file = tmp_path / "key"
    file.write_text(private.reveal())
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    read = subprocess.run(["ssh-keygen", "-y", "-f", file], capture_output=True, text=True, check=True).stdout
    assert read.split()[:2] == public.split()[:2]
    assert isinstance(private, Secret) and "PRIVATE" not in repr(private)


def test_what_is_fetched_stays_a_pack_whose_growth_is_watched(repository: Repository, tmp_path: Path) -> None:
    with GitHome(tmp_path / "work", key=None, file_urls=True) as home:
        for words in (["init", "-q", "r"], ["-C", "r", "fetch", "-q", "--depth=1", "--", repository.url, "main"]):
            subprocess.run(["git", *words], env=dict(os.environ) | home.environment(), cwd=home.folder, check=True)
        objects = home.folder / "r/.git/objects"
        assert list(objects.glob("pack/*.pack"))
        assert not list(objects.glob("??"))


def test_the_deploy_key_of_a_process_that_was_killed_goes_with_the_next_and_one_in_use_stays(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from dz.log import Secret; from dz.tasklib.build.githome import GitHome\n"
        "with GitHome(Path(sys.argv[1]), key=Secret('k'), file_urls=False): os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, tmp_path / "work"], check=False, timeout=60)
    assert killed.returncode == -9
    (left,) = (tmp_path / "work").glob("git-*")
    assert (left / "key").exists()
    with GitHome(tmp_path / "work", key=Secret("own"), file_urls=False) as first:
        assert not left.exists()
        with GitHome(tmp_path / "work", key=None, file_urls=False):
            assert (first.folder / "key").exists()
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.mount
def test_a_full_disk_is_not_the_repositorys_fault(tmp_path: Path) -> None:
    origin = new_repository(tmp_path / "origin", {"manage.py": "x" * 1_000_000})
    with faultkit.full(tmp_path / "small"):
        fetching = Fetching(tmp_path / "small")
        fetching.work = tmp_path / "work"
        with pytest.raises(PlatformError) as full:
            fetching.checkout(origin.url)
    assert full.value.id == "platform.disk-full"
