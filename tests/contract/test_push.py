"""The service that takes pushes, behind nginx, with git itself; the API is a stand-in that gives set answers."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from dz import pushed
from dz.push import repository
from dz.push.body import OF_NO_USE
from dz.push.bounded import MOST
from dz.push.serving import Place, PushServer
from dz.push.turns import OF_ONE
from dz.run import Finished, run
from tests.backends import Backend, backend
from tests.repositories import Repository, new_repository
from tests.servers import RealNginx, real_nginx, short_folder
from tests.waiting import until

LIVE = {"job": 1, "page": "/jobs/1", "state": "succeeded", "seen": "1", "url": "", "kind": "build_and_deploy"}
TOKEN = base64.b64encode(b"dz:a-token").decode()


@dataclass(frozen=True)
class Pushing:
    """``git`` runs in a clone of its own; ``stored``: what was pushed of the project ``shop``."""

    server: PushServer
    nginx: RealNginx
    api: Backend
    clone: Repository

    @property
    def stored(self) -> Path:
        return repository.path(self.server.place.folder, "p00000001")

    def git(self, *words: str) -> Finished:
        url = f"http://dz:a-token@127.0.0.1:{self.nginx.port}/git/shop.git"
        env = {"HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        return run(["git", words[0], url, *words[1:]], cwd=self.clone.folder, env=env, deadline=60)

    def refused(self, *words: str) -> str:
        done = self.git(*words)
        assert not done.ok, done.text
        return done.text


@contextmanager
def push_server(folder: Path, api: Backend, *, patience: float = 60) -> Iterator[PushServer]:
    for name in ("repositories", "work"):
        (folder / name).mkdir()
    place = Place(folder=folder / "repositories", work=folder / "work", panel=f"http://127.0.0.1:{api.port}")
    for number, name in enumerate(("shop", "blog"), 1):
        app_id = f"p{number:08}"
        project = {"name": name, "app_id": app_id, "ref": "main", "release": 1}
        project["repo_url"] = pushed.address(place.folder, app_id)
        api.answers[f"/api/v1/projects/{name}"] = (200, {}, json.dumps(project))
    with PushServer(folder / "push", place, patience=patience) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(60)


@pytest.fixture
def pushing(tmp_path: Path) -> Iterator[Pushing]:
    with (
        short_folder() as folder,
        backend("api") as api,
        push_server(folder, api) as server,
        real_nginx(panel=folder / "panel", push=folder / "push") as nginx,
    ):
        yield Pushing(server, nginx, api, new_repository(tmp_path / "clone", {"a": "1"}))


@contextmanager
def sending(port: int, authorization: str) -> Iterator[socket.socket]:
    """A push of a gigabyte, of which a little has come; while it lasts, no more comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one:
        head = f"POST /git/shop.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\n{authorization}"
        one.sendall(f"{head}Content-Length: 1000000000\r\n\r\n".encode())
        one.sendall(bytes(640_000))
        yield one


def test_who_may_not_push_is_answered_before_the_body_has_come_and_is_in_nobodys_way(pushing: Pushing) -> None:
    port, api = pushing.nginx.port, "/api/v1/projects/shop"
    known, token = pushing.api.answers[api], f"Authorization: Basic {TOKEN}\r\n"
    told = {"error": "Who?", "error_id": "auth.unknown", "where": None, "next": None}
    with ExitStack() as going_on:
        pushing.api.answers[api] = (401, {}, json.dumps(told))
        for authorization in ("", *[token] * OF_ONE):
            one = going_on.enter_context(sending(port, authorization))
            assert one.recv(64).startswith(b"HTTP/1.1 401 Unauthorized")
        pushing.api.answers[api] = known
        assert pushing.git("push", "main:dev").ok


def test_of_what_is_refused_a_small_push_is_taken_and_no_more_and_only_so_many_at_a_time(tmp_path: Path) -> None:
    head = b"POST /git/shop.git/git-receive-pack HTTP/1.0\r\nContent-Length: 1000000000\r\n\r\n"

    def begun(head: bytes = head) -> socket.socket:
        one = going_on.enter_context(socket.socket(socket.AF_UNIX))
        one.settimeout(60)
        one.connect(str(folder / "push"))
        one.sendall(head)
        return one

    with short_folder() as folder, backend("api") as api, push_server(folder, api), ExitStack() as going_on:
        slow = [begun() for _ in range(MOST)]
        assert begun(b"").recv(32).startswith(b"HTTP/1.0 503 Service Unavailable")
        assert slow[0].recv(32).startswith(b"HTTP/1.0 401 Unauthorized")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            slow[0].sendall(bytes(3 * OF_NO_USE))
        for one in slow[1:]:  # of which nothing comes
            assert ended(one)
        assert begun().recv(32).startswith(b"HTTP/1.0 401 Unauthorized")


def ended(one: socket.socket) -> bool:
    with suppress(ConnectionResetError):
        while one.recv(4096):
            pass
    return True


def test_who_brings_no_token_is_asked_for_it_before_the_service_hears_of_it(pushing: Pushing) -> None:
    pushing.server.shutdown()
    url = f"http://127.0.0.1:{pushing.nginx.port}/git/shop.git/info/refs?service=git-receive-pack"
    with pytest.raises(HTTPError) as refused:
        urlopen(url, timeout=60)
    assert refused.value.code == 401
    assert refused.value.headers.get_all("WWW-Authenticate") == ['Basic realm="DjangoZoom"']
    assert refused.value.read().startswith(b"The password is the API token")


def test_of_a_push_nothing_is_kept_but_by_who_has_a_turn_and_only_while_there_is_room(pushing: Pushing) -> None:
    port, server = pushing.nginx.port, pushing.server
    with ExitStack() as going_on:
        for _ in range(OF_ONE):
            going_on.enter_context(sending(port, f"Authorization: Basic {TOKEN}\r\n"))
        until(
            lambda: server.turns.came() == OF_ONE * 640_000, what="what was sent is here, and nginx waited for no more"
        )
        assert "remote: 4 pushes and fetches of shop are going on" in pushing.refused("push", "main:dev")
    until(lambda: not server.turns.taken(), what="their turns are free")
    server.place = replace(
        server.place, spare=shutil.disk_usage(server.place.folder).total
    )  # free would be enough soon
    assert "remote: The platform's disk has" in pushing.refused("push", "main:dev")


def test_a_push_that_finds_no_room_is_refused_in_a_sentence(pushing: Pushing) -> None:
    pushing.server.place = replace(pushing.server.place, limit=2_000_000)
    pushing.clone.commit({"large": os.urandom(3_000_000)})
    said = pushing.refused("push", "main:dev")
    assert "remote: This push is 3 MB; 2 MB are left for it here." in said and "remote: Next: " in said
    pushing.clone.commit({"large": os.urandom(1_500_000)})
    pushing.clone.git("reset", "-q", "--soft", "HEAD~2")
    pushing.clone.git("commit", "-q", "-m", "Smaller")
    assert pushing.git("push", "main:dev").ok
    pushing.server.place = replace(pushing.server.place, limit=1_000_000)
    assert "remote: What was pushed to shop takes 2 MB, of 1 that one project" in pushing.refused("push", "main:other")
    assert pushing.git("ls-remote").ok


def test_a_first_push_names_all_that_has_no_value_before_anything_is_built(pushing: Pushing) -> None:
    api = "/api/v1/projects/shop"
    new = json.loads(pushing.api.answers[api][2]) | {"release": None}
    found = [{"name": name, "where": f"shop/settings.py:{n}", "excerpt": "", "why": ""} for n, name in enumerate("AB")]
    checked = LIVE | {"kind": "check_repo", "project": "shop", "ref": "main", "commit": "", "seconds": 1.0, "steps": []}
    checked |= {"guesses": [], "missing": found, "to_choose": []}
    pushing.api.answers |= {api: (200, {}, json.dumps(new)), "/api/v1/check": (200, {}, json.dumps(checked))}
    said = pushing.refused("push", "main")
    assert "shop needs a value for A and B." in said and "dz env set shop A B asks for them; then push again." in said
    assert deployed(pushing) == 0


def test_a_second_push_is_refused_until_git_has_moved_the_branch_of_the_first(pushing: Pushing) -> None:
    """Between the end of a deploy and that move a second one was deployed, and its branch refused by git."""
    pushing.api.answers["/api/v1/deploy"] = (200, {}, json.dumps(LIVE))
    assert pushing.git("push", "main").ok
    run(["git", "config", "core.filesRefLockTimeout", "-1"], cwd=pushing.stored, deadline=20)  # it waits for ever
    held = pushing.stored / "refs" / "heads" / "main.lock"
    held.touch()
    pushing.clone.commit({"a": "2"})
    with ThreadPoolExecutor(1) as beside:
        first = beside.submit(pushing.git, "push", "main")
        until(lambda: deployed(pushing) == 2, what="the first was deployed")
        said = pushing.refused("push", "main")
        held.unlink()
        assert first.result(60).ok
    assert "remote: Another push to shop is still being deployed." in said
    assert deployed(pushing) == 2


def test_a_push_that_another_one_overtook_is_refused_before_it_is_deployed(pushing: Pushing) -> None:
    pushing.api.answers["/api/v1/deploy"] = (200, {}, json.dumps(LIVE))
    assert pushing.git("push", "main").ok
    overtaken = pushing.clone.commit({"a": "2"})
    assert pushing.git("push", "main:dev").ok
    meanwhile = (
        pushing.clone.folder / ".git" / "hooks" / "pre-push"
    )  # git has asked what the branch is, and sent nothing
    meanwhile.parent.mkdir(exist_ok=True)
    meanwhile.write_text(f"#!/bin/sh\ngit --git-dir={pushing.stored} update-ref refs/heads/main {overtaken}\n")
    meanwhile.chmod(0o755)
    pushing.clone.commit({"a": "3"})
    assert "remote: main has moved while this push was on its way" in pushing.refused("push", "main")
    assert deployed(pushing) == 1


def deployed(pushing: Pushing) -> int:
    return [path for _, path, _ in pushing.api.seen].count("/api/v1/deploy")


def test_whoever_reads_nothing_of_an_answer_gives_his_turn_back(tmp_path: Path) -> None:
    with short_folder() as folder, backend("api") as api, push_server(folder, api, patience=0.5) as server:
        source = new_repository(tmp_path / "source", {"large": os.urandom(8_000_000)})
        env = repository.environment(server.place.work)
        stored = repository.made(server.place.folder, "p00000001", "main", env)
        source.git("push", "-q", stored, "main")
        want = f"0032want {source.git('rev-parse', 'HEAD')}\n00000009done\n"
        head = f"POST /git/shop.git/git-upload-pack HTTP/1.0\r\nAuthorization: Basic {TOKEN}\r\n"
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(60)
            one.connect(str(folder / "push"))
            one.sendall(f"{head}Content-Length: {len(want)}\r\n\r\n{want}".encode())
            assert one.recv(8, socket.MSG_PEEK) == b"HTTP/1.0"
            until(lambda: not server.turns.taken(), what="the turn is free", deadline=30)
