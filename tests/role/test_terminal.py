"""A command and whoever types it, each at an end of the real panel's relay: the real ``dz``, and a worker's hands."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor as Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from dz.errors import Cancelled
from dz.run import Stdio
from dz.run import run as run_command
from dz.tasklib.appserver.attached import Attached
from dz.terminal import WINDOW, Gone, dial
from tests.panels import TOKEN, Hands, Panel
from tests.waiting import until

# What the guest does where there is a terminal (dz_guest/command.py).
TAKES = "import fcntl, os, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
PASSWORD = "a-very-long-word"


@dataclass
class Worker:
    """What a step on an appserver does for one job, in a thread; ``logged`` is what the job's log was given."""

    panel: Panel
    hands: Hands
    claimed: Any = None
    code: int | None = None
    cancelled: bool = False
    stop: bool = False
    logged: bytes = b""
    thread: threading.Thread | None = None

    def ticket(self) -> str:
        self.claimed = self.hands.claim("managepy_command")
        return str(self.hands.door(self.claimed).ticket().reveal())

    def runs(self, program: str) -> None:
        ticket = self.ticket()
        params = self.claimed.params
        size = tuple(params["size"]) if params["terminal"] else None
        line = dial(self.claimed.job_id, ticket, url="http://localhost", socket=str(self.panel.socket))
        attached = Attached(line, log=self._log, size=size, stop=lambda: self.stop)

        def work() -> None:
            try:
                self.code = attached.run(self._command(program, attached)).code
                attached.ended(self.code)
            except Cancelled:
                self.cancelled = True

        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def _command(self, program: str, attached: Attached) -> Callable[[Stdio], Any]:
        argv = [sys.executable, "-u", "-c", program]
        return lambda stdio: run_command(argv, deadline=60, stdio=stdio, cancelled=attached.over)

    def _log(self, piece: bytes) -> None:
        self.logged += piece

    def is_over(self) -> None:
        assert self.thread is not None
        self.thread.join(30)
        assert not self.thread.is_alive()
        if self.code is not None:
            self.hands.end(self.claimed, result={"code": self.code})


@pytest.fixture
def worker(panel: Panel, hands: Hands) -> Worker:
    """For the project ``shop``, which is live."""
    deploying = panel.begin("deploy", "https://git.example/shop", "--name", "shop", "--json")
    hands.check()
    hands.deploy()
    assert deploying.end().code == 0
    from dz2.models import Bundle, Release

    live = Release.objects.get()
    live.bundle = Bundle.objects.create(project=live.project, commit=live.commit, platform="linux", manifest={})
    live.save()
    return Worker(panel, hands)


@contextmanager
def piped(panel: Panel, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """``dz run shop ...`` with a pipe at each of its streams."""
    pipe = subprocess.PIPE
    argv = [sys.executable, "-m", "dz.cli", "run", "shop", *words]
    with subprocess.Popen(argv, env=panel.environment(), stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def test_at_a_terminal_keys_ctrl_c_and_the_windows_size_reach_the_command(panel: Panel, worker: Worker) -> None:
    typing = panel.on_terminal("run", "shop", "--", "manage.py", "shell", columns=91)
    worker.runs(
        TAKES + "print(os.get_terminal_size().columns, os.isatty(1))\n"
        "print('hello', input('name? '))\n"
        "try:\n    input('wait ')\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
        "import getpass\nprint(len(getpass.getpass('secret? ')))\nraise SystemExit(7)"
    )
    typing.says("91 True")
    typing.says("name? ")
    typing.types("ada\r")
    typing.says("hello ada")
    typing.says("wait ")
    typing.types("\x03")
    typing.says("interrupted")
    typing.says("secret? ")
    typing.types("opensesame\r")
    assert typing.end() == 7
    assert "opensesame" not in typing.shown
    worker.is_over()
    assert b"hello ada" in worker.logged and b"opensesame" not in worker.logged


def test_without_a_terminal_streams_are_apart_and_bytes_go_through_whole(panel: Panel, worker: Worker) -> None:
    with piped(panel, "--", "python", "-c", "x") as running:
        worker.runs(
            "import os, shutil, sys\nprint('talk', os.isatty(0), file=sys.stderr)\n"
            "shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)\nsys.exit(3)"
        )
        much = bytes(range(256)) * 4096 * 3  # many windows
        out, err = running.communicate(much, timeout=60)
        assert (running.returncode, err) == (3, b"talk False\n")
        assert hashlib.sha256(out).digest() == hashlib.sha256(much).digest()
        worker.is_over()


def test_a_reader_who_pauses_stops_the_command_and_loses_nothing(panel: Panel, worker: Worker) -> None:
    with piped(panel, "--", "manage.py", "dumpdata") as running:
        worker.runs("import sys\nfor n in range(20):\n    sys.stdout.write('x' * 100_000)\n")
        assert running.stdin is not None and running.stdout is not None
        first = running.stdout.read(1)

        seen: list[int] = []

        def rests() -> bool:
            seen.append(len(worker.logged))
            return len(seen) > 10 and len(set(seen[-10:])) == 1

        until(rests, what="the command waits for its reader", every=0.1)
        assert len(worker.logged) < 4 * WINDOW
        assert worker.thread is not None and worker.thread.is_alive()
        assert len(first + running.stdout.read()) == 2_000_000
        assert running.wait(60) == 0
        worker.is_over()


def test_ctrl_c_without_a_terminal_reaches_the_command(panel: Panel, worker: Worker) -> None:
    with piped(panel, "--", "manage.py", "loop") as running:
        worker.runs(
            "import os, signal, time\nsignal.signal(signal.SIGINT, lambda *_: os._exit(130))\n"
            "print('up', flush=True)\ntime.sleep(60)"
        )
        assert running.stdout is not None and running.stdout.readline() == b"up\n"
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        worker.is_over()


def test_a_command_ends_when_whoever_typed_it_is_gone(panel: Panel, worker: Worker) -> None:
    with piped(panel, "--", "manage.py", "loop") as running:
        worker.runs(
            "import signal, time\nsignal.signal(signal.SIGINT, lambda *_: print('not yet'))\n"
            "print('up', flush=True)\ntime.sleep(60)"
        )
        assert running.stdout is not None and running.stdout.readline() == b"up\n"
        running.kill()
        running.wait()
        worker.is_over()
        assert worker.cancelled
        assert b"not yet" in worker.logged  # it was asked first


def test_a_command_that_is_cancelled_tells_its_typist(panel: Panel, worker: Worker) -> None:
    with piped(panel, "--", "manage.py", "loop") as running:
        worker.runs("import time\nprint('up', flush=True)\ntime.sleep(60)")
        assert running.stdout is not None and running.stdout.readline() == b"up\n"
        worker.stop = True
        worker.is_over()
        assert worker.cancelled
        worker.hands.end(worker.claimed, "cancelled")
        _, err = running.communicate(timeout=60)
        assert (running.returncode, b"was cancelled" in err) == (137, True)


def test_the_relay_lets_in_one_typist_with_the_token_and_one_step_with_its_ticket(panel: Panel, worker: Worker) -> None:
    from dz2 import commands, services, terminals

    project = services.find_project("shop")
    job = commands.run(project, ["manage.py", "check"], attached=True)
    ticket = worker.ticket()

    def came(token: str, number: int = job.pk) -> Any:
        return dial(number, token, url="http://localhost", socket=str(panel.socket))

    late = terminals.ticket(project.app_id, worker.claimed.step_id, 2)
    for number, token in ((job.pk, "guess"), (job.pk, late), (job.pk + 1, TOKEN), (job.pk - 1, TOKEN)):
        with pytest.raises(Gone):
            came(token, number)
    typist = came(TOKEN)
    with pytest.raises(Gone):
        came(TOKEN)
    step = came(ticket)
    assert step.hear(10) == typist.hear(10) == {"met": True}
    with pytest.raises(Gone):
        came(ticket)
    step.close()
    with pytest.raises(Gone):
        until(lambda: typist.hear(1), what="the other end is told")
    worker.hands.end(worker.claimed)
    with pytest.raises(Gone):
        came(ticket)


@dataclass
class Visitor:
    """Of the page behind a link."""

    client: httpx2.Client
    beside: Executor
    address: str

    def sends(self, **more: str) -> Future[httpx2.Response]:
        token = re.search('csrfmiddlewaretoken" value="([^"]+)', self.client.get(self.address).text)
        assert token is not None
        form = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
        return self.beside.submit(
            self.client.post, self.address, data={"csrfmiddlewaretoken": token[1], **form, **more}
        )


@contextmanager
def opened(panel: Panel) -> Iterator[Visitor]:
    """A new link to become administrator of ``shop``."""
    made = panel.dz("admin", "create", "shop", "--json")
    assert (made.code, made.document["password"]) == (0, None), made.err
    here = httpx2.HTTPTransport(uds=str(panel.socket))
    with httpx2.Client(transport=here, base_url="http://localhost", timeout=60) as client, Executor() as beside:
        yield Visitor(client, beside, urlsplit(made.document["link"]).path)


def test_a_link_makes_its_visitor_administrator_once_with_what_the_user_model_wants(
    panel: Panel, worker: Worker
) -> None:
    argv = ["username=ada", "email=ada@example.org"]
    with opened(panel) as visitor:
        wrong = visitor.client.get(visitor.address.replace("administrator", "welcome"))
        assert wrong.status_code == 404, "not of the platform"
        asked = visitor.sends()
        worker.runs("""import sys; print('{"wants": ["full_name", "password"]}'); sys.exit("wants more")""")
        assert (asked.result().status_code, 'name="more-full_name"' in asked.result().text) == (422, True)
        assert "more-password" not in asked.result().text, "it would be an argument, of a row and a process"
        worker.is_over()
        refused = visitor.sends(**{"more-full_name": "Ada", "more-password": PASSWORD})
        worker.runs("import sys; sys.exit('ada is there already.')")
        assert "No administrator was made for shop: ada is there already." in refused.result().text
        assert worker.claimed.params["argv"] == [*argv, "full_name=Ada"]
        worker.is_over()
        accepted = visitor.sends()
        worker.runs("""import json; print(json.dumps({"name": "ada", "path": "/admin/" + input()[::-1]}))""")
        assert "ada is administrator of shop" in accepted.result().text
        assert f"http://shop.localhost:8800/admin/{PASSWORD[::-1]}" in accepted.result().text
        worker.is_over()
        used = visitor.client.get(visitor.address)
        assert (used.status_code, "dz admin create shop" in used.text) == (410, True)
        assert re.search(r"This link was used at \d\d:\d\d UTC", used.text)
    assert worker.claimed.params["argv"] == argv and PASSWORD.encode() not in worker.logged


def test_a_link_is_over_when_the_password_was_typed_and_nobody_knows_what_came_of_it(
    panel: Panel, worker: Worker
) -> None:
    with opened(panel) as visitor:
        stopped = {"id": "run.interrupted", "sentence": "It was stopped.", "next": ""}
        asked = visitor.sends()
        worker.ticket()
        worker.hands.end(worker.claimed, "failed", **stopped)
        assert "No administrator was made for shop: It was stopped." in asked.result().text, "nothing was typed"
        asked = visitor.sends()
        ticket = worker.ticket()
        line = dial(worker.claimed.job_id, ticket, url="http://localhost", socket=str(panel.socket))
        until(lambda: line.hear(1) == {"end": True}, what="the password is typed")
        worker.hands.end(worker.claimed, "failed", **stopped)
        assert "not known whether an administrator was made for shop" in asked.result().text
        line.close()
        assert visitor.client.get(visitor.address).status_code == 410


@pytest.mark.usefixtures("worker")
def test_a_typist_whose_place_is_taken_leaves_no_job_behind() -> None:
    from dz2 import commands, services, terminals, typist

    async def hear(message: Any) -> None:
        raise AssertionError(message)

    job = commands.run(services.find_project("shop"), ["admin"], attached=True)
    terminals._meetings[job.pk] = terminals.Meeting(ends={terminals.TYPIST: hear})
    heard = typist.Heard()
    typist.typed(job, b"word", heard)
    job.refresh_from_db()
    assert (job.state, heard.came_to_nothing) == ("cancelled", True)


def test_what_never_started_is_told_with_125(panel: Panel, worker: Worker) -> None:
    wrong = panel.dz("run", "shop", "--", "bash")
    assert (wrong.code, "'bash' can't be run" in wrong.err) == (125, True)
    assert panel.dz("run", "nowhere", "--", "manage.py", "check").code == 125
    assert panel.dz("run", "shop").code == 125
    panel.stop()
    assert panel.dz("run", "shop", "--", "manage.py", "check").code == 125
    panel.start()
    running = panel.begin("run", "shop", "--json", "--", "manage.py", "check", "--json")
    claimed = worker.hands.claim("managepy_command")
    worker.hands.end(claimed, "failed", id="run.interrupted", sentence="It was stopped.", next="Run it anew.")
    ended = running.end()
    assert (ended.code, json.loads(ended.out)["error_id"]) == (125, "run.interrupted")
    assert claimed.params["argv"] == ["check", "--json"]


def test_open_commands_are_counted_and_end_with_their_project(panel: Panel, worker: Worker) -> None:
    from dz2 import commands, services
    from dz2.models import Job

    project = services.find_project("shop")
    for _ in range(commands.MOST):
        commands.run(project, ["manage.py", "shell"], attached=True)
    one_more = panel.dz("run", "shop", "--", "manage.py", "shell")
    assert (one_more.code, "10 commands run in shop already" in one_more.err) == (125, True)
    services.destroy("shop")
    worker.hands.door(worker.hands.claim("proxy_remove")).begin_destroying()
    assert set(Job.objects.filter(kind="managepy_command").values_list("state", flat=True)) == {"cancelled"}
