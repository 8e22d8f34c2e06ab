"""What every sandbox promises, on the rungs that this user can have and on the fake.

As root the whole file is played once more as an ordinary user, for the rungs ``user`` and ``limits``.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from dz.errors import Cancelled, PlatformError
from dz.names import AppId
from dz.run import DeadlinePassed, Finished, Stdio
from dz.seams.sandbox import Box, Network, Rung, Sandbox
from dz.seams.sandbox.bwrap import Bwrap
from dz.seams.sandbox.fake import Fake
from dz.seams.sandbox.indexes import Indexes
from dz.seams.sandbox.ladder import make
from dz.seams.sandbox.limits import Confined
from dz.seams.sandbox.outbound import Outbound
from tests.hostile.measure import alive, mark
from tests.hostile.ordinary import as_ordinary_user
from tests.passable import passable
from tests.waiting import until

ROOTED = os.geteuid() == 0
UPPER, LOWER = (Rung.FULL, Rung.UID) if ROOTED else (Rung.USER, Rung.LIMITS)
RUNGS = (pytest.param(UPPER, marks=pytest.mark.namespaces), LOWER)
PROJECT = AppId.of(7)
PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with passable("dzsb-") as made:
        yield made


@pytest.fixture(scope="module", params=RUNGS)
def real(request: pytest.FixtureRequest, home: Path) -> Sandbox:
    return make(home=home, forced=request.param)


@pytest.fixture(scope="module", params=[*RUNGS, "fake"])
def sandbox(request: pytest.FixtureRequest, home: Path) -> Sandbox:
    return Fake() if request.param == "fake" else make(home=home, forced=request.param)


@pytest.fixture
def project(sandbox: Sandbox, home: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="project-", dir=home))
    sandbox.own(made, PROJECT)
    yield made
    shutil.rmtree(made)


def shell(script: str, cwd: Path, **options: object) -> Box:
    writable = () if cwd == Path("/") else (cwd,)
    return Box(argv=("/bin/sh", "-c", script), app_id=PROJECT, cwd=cwd, writable=writable, **options)  # type: ignore[arg-type]


def test_a_command_gets_its_files_environment_and_input_and_gives_its_output_and_code(
    sandbox: Sandbox, project: Path
) -> None:
    complained: list[bytes] = []
    script = "cat; echo $GIVEN; pwd; echo kept > file; echo wrong >&2; exit 3"
    box = shell(script, project, env={"GIVEN": "a word"})
    finished = sandbox.run(box, deadline=60, stdin=b"typed\n", stderr_to=complained.append)
    assert (finished.code, finished.text) == (3, f"typed\na word\n{project}\n")
    assert b"".join(complained) == b"wrong\n"
    assert (project / "file").read_text() == "kept\n"
    if (uid := sandbox.uid(PROJECT)) is not None:
        assert (project / "file").stat().st_uid == uid


TAKES_THE_TERMINAL = """
import fcntl, os, signal, termios
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    os.setsid()
except OSError:
    pass
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
tty = open("/dev/tty", "r+b", buffering=0)
try:
    tty.write(b"asks")
    tty.readline()
except KeyboardInterrupt:
    print("heard", os.isatty(2))
    raise SystemExit(4)
"""


def test_a_command_takes_the_terminal_that_it_is_given_and_ctrl_c_reaches_it_alone(sandbox: Sandbox) -> None:
    ours, theirs = pty.openpty()
    shown = bytearray()

    def type_ctrl_c() -> None:
        with suppress(OSError):  # Linux's way to say that the other side is closed
            while piece := os.read(ours, 4096):
                shown.extend(piece)
                if shown.endswith(b"asks"):
                    os.write(ours, b"\x03")

    typist = threading.Thread(target=type_ctrl_c)
    started: list[int] = []
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as the step does: what is around the command ignores it
    try:
        box = Box(argv=(PYTHON, "-c", TAKES_THE_TERMINAL), app_id=PROJECT, cwd=Path("/"))
        typist.start()
        finished = sandbox.run(box, deadline=60, stdio=Stdio(streams=(theirs, theirs, theirs), started=started.append))
    finally:
        signal.signal(signal.SIGINT, before)
    typist.join(30)
    os.close(ours)
    assert (finished.code, b"heard True" in shown, len(started)) == (4, True, 1), bytes(shown)


def test_a_python_started_by_a_link_in_a_home_works_and_the_home_does_not_come_along(real: Sandbox, home: Path) -> None:
    if real.rung in (Rung.UID, Rung.LIMITS):
        installed = Path(PYTHON)  # those rungs run what others may read
    else:
        installed = Path(sys.base_prefix) / "bin" / Path(sys.executable).resolve().name
    folder = home / f"ada-{real.rung}/.local/bin"
    folder.mkdir(parents=True)
    (folder.parent / "secret").write_text("secret")
    (folder / "python3").symlink_to(installed)
    code = "import json, pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text())"
    box = Box(argv=(str(folder / "python3"), "-c", code, str(folder.parent / "secret")), app_id=PROJECT, cwd=Path("/"))
    complained: list[bytes] = []
    finished = real.run(box, deadline=60, stderr_to=complained.append)
    assert (finished.code, finished.text) == (1, "")
    assert re.search(rb"FileNotFoundError|PermissionError", b"".join(complained))


def test_a_sandbox_knows_which_program_a_project_can_start(sandbox: Sandbox, home: Path) -> None:
    closed = Path(tempfile.mkdtemp(prefix="closed-", dir=home))  # 0700, ours
    (closed / "opt/bin").mkdir(parents=True)
    (closed / "opt/lib/python3").mkdir(parents=True)
    program = Path(shutil.copy("/usr/bin/true", closed / "opt/bin/true"))
    finished = sandbox.run(Box(argv=(str(program),), app_id=PROJECT, cwd=Path("/")), deadline=60)
    assert sandbox.starts(program) is finished.ok
    assert finished.ok is (sandbox.rung is not Rung.UID)
    assert sandbox.starts(Path(PYTHON))


def test_no_command_line_holds_a_secret_and_no_variable_of_ours_comes_in(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DZ_SECRET_OF_OURS", "ours")
    secret, lines = f"password-{mark()}", list[bytes]()

    def look(_: bytes) -> None:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    lines.append((entry / "cmdline").read_bytes())
                except OSError:
                    continue

    box = shell("env; read line", Path("/"), env={"PASSWORD": secret})
    finished = sandbox.run(box, deadline=60, stdin=b"\n", on_output=look)
    assert f"PASSWORD={secret}" in finished.text
    assert lines and not any(secret.encode() in line for line in lines)
    assert "DZ_SECRET_OF_OURS" not in finished.text


@pytest.mark.parametrize(("ending", "raised"), [("exit 0", None), ("wait", Cancelled), ("wait", DeadlinePassed)])
def test_when_a_command_is_over_cancelled_or_late_nothing_of_it_is_left(
    sandbox: Sandbox, ending: str, raised: type[Exception] | None
) -> None:
    own, said = mark(), list[bytes]()
    leaving = f"setsid sleep {own} >/dev/null 2>&1 & sleep {own} & echo started; {ending}"
    with pytest.raises(raised) if raised else nullcontext():
        sandbox.run(
            shell(leaving, Path("/"), kill_id=own),
            deadline=3 if raised is DeadlinePassed else 60,
            on_output=said.append,
            cancelled=lambda: raised is Cancelled and bool(said),
        )
    assert not alive(own)


def test_kill_ends_what_carries_the_id_and_only_that(sandbox: Sandbox) -> None:
    own, other = mark(), mark()
    ended: list[Finished] = []

    def attempt() -> None:
        ended.append(sandbox.run(shell(f"sleep {own}; sleep {own}", Path("/"), kill_id=own), deadline=120))

    thread = threading.Thread(target=attempt)
    thread.start()
    until(lambda: any(_name(pid) == "sleep" for pid in alive(own)), what="it sleeps")
    sandbox.kill(other)
    assert alive(own) and not ended
    sandbox.kill(own)
    thread.join(60)
    assert not alive(own) and ended[0].code != 0


def test_a_folder_is_given_without_following_links(sandbox: Sandbox, home: Path) -> None:
    ours, folder = home / f"ours-{mark()}", home / f"given-{mark()}"
    ours.write_text("ours")
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/link").symlink_to(ours)
    sandbox.own(folder, PROJECT)
    assert ours.stat().st_uid == os.geteuid()
    assert folder.stat().st_mode & 0o777 == 0o700
    uid = sandbox.uid(PROJECT)
    assert (folder / "deep/link").lstat().st_uid == (os.geteuid() if uid is None else uid)


def test_a_command_can_make_what_a_pool_of_processes_needs(sandbox: Sandbox, project: Path) -> None:
    """Without semaphores no Celery worker starts."""
    script = "import multiprocessing as m; lock = m.Lock(); lock.acquire(); print('made')"
    box = Box(argv=(PYTHON, "-c", script), app_id=PROJECT, cwd=project, writable=(project,))
    finished = sandbox.run(box, deadline=60)
    assert finished.text == "made\n"


def test_a_command_may_say_that_it_sets_itself_no_limit_of_data(sandbox: Sandbox, project: Path) -> None:
    """Settings do so where their owner's variable names none; what bounds it is the limit of its address space."""
    script = "import resource as r; r.setrlimit(r.RLIMIT_DATA, (r.RLIM_INFINITY, r.RLIM_INFINITY)); print('set')"
    box = Box(argv=(PYTHON, "-c", script), app_id=PROJECT, cwd=project, writable=(project,))
    assert sandbox.run(box, deadline=60).text == "set\n"


DIGS = """
import os, tempfile
mine = tempfile.mkdtemp()
os.chdir(mine)
for _ in range(1500):
    os.mkdir("d")
    os.chdir("d")
print(mine)
"""


def test_what_a_command_leaves_in_its_temporary_folder_goes_however_deep_it_is(real: Sandbox) -> None:
    box = Box(argv=(PYTHON, "-c", DIGS), app_id=PROJECT, cwd=Path("/"))
    finished = real.run(box, deadline=60)
    assert finished.ok and not Path(finished.text.strip()).exists(), finished.text


ASKING = """
import base64, json, os, socket, sys
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["HTTPS_PROXY"])
def ask(target, password):
    user = base64.b64encode(f"{proxy.username}:{password}".encode()).decode()
    with socket.create_connection((proxy.hostname, proxy.port), 30) as client:
        client.sendall(f"CONNECT {target} HTTP/1.1\\r\\nProxy-Authorization: Basic {user}\\r\\n\\r\\n".encode())
        return client.recv(100).split()[1].decode()
def direct(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return "reached"
    except OSError:
        return "no"
port = json.load(sys.stdin)
print(json.dumps([ask(f"localhost:{port}", proxy.password), ask(f"127.0.0.1:{port}", proxy.password),
                  ask("10.0.0.1:443", proxy.password), ask(f"localhost:{port}", "guessed"), direct(port)]))
"""


def test_a_build_step_reaches_the_configured_index_and_nothing_else_of_ours(real: Sandbox, home: Path) -> None:
    assert isinstance(real, (Bwrap, Confined))
    with socket.create_server(("127.0.0.1", 0)) as index:
        port = index.getsockname()[1]
        indexes = Indexes(default=f"http://localhost:{port}/simple", extra=(), certificates=None)
        box = Box(argv=(PYTHON, "-I", "-c", ASKING), app_id=PROJECT, cwd=Path("/"), network=Network.INDEX)
        guarded = replace(real, outbound=Outbound(home / "doors", indexes))
        finished = guarded.run(box, deadline=60, stdin=str(port).encode())
    assert finished.ok, finished.text
    assert json.loads(finished.text) == ["200", "403", "403", "407", "no"]


def test_a_rung_that_this_user_can_not_have_is_refused_with_the_reason(home: Path) -> None:
    with pytest.raises(PlatformError, match="needs"):
        make(home=home, forced=Rung.USER if ROOTED else Rung.FULL)


LADDER = """
import json, sys
from pathlib import Path
from dz.seams.sandbox import Box
from dz.seams.sandbox.ladder import probe_host
found = probe_host(home=Path(sys.argv[1]))
answer = found.sandbox.run(Box(argv=("/bin/echo", "hello"), app_id=None, cwd=Path("/")), deadline=60)
print(json.dumps([found.sandbox.rung, found.sandbox.lacks, found.why_not_higher, found.mend, answer.text]))
"""


@pytest.mark.root
@pytest.mark.parametrize("rung", [Rung.UID, Rung.LIMITS])
def test_where_namespaces_are_forbidden_the_ladder_falls_and_says_why(
    rung: Rung, tmp_path_factory: pytest.TempPathFactory, home: Path
) -> None:
    argv = ["-m", "tests.withoutnamespaces", "PYTHON", "-c", LADDER, str(home)]
    finished = as_ordinary_user(argv, root=rung is Rung.UID, without="sys_admin")
    assert finished.ok, finished.text
    got, lacks, why, mend, answer = json.loads(finished.text.splitlines()[-1])
    assert got == rung and answer == "hello\n"
    assert "Only deploy code you trust" in lacks and "namespace" in why and "namespace" in mend


@pytest.mark.root
@pytest.mark.namespaces
def test_an_ordinary_user_gets_the_same_on_its_rungs() -> None:
    if not ROOTED:
        return
    quiet = ["-q", "--noconftest", "-p", "no:cacheprovider", "-p", "pytest_timeout", "-m", "not root"]
    argv = ["-m", "pytest", *quiet, __file__]
    finished = as_ordinary_user(argv, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert finished.ok, finished.text
    assert " passed" in finished.text and "skipped" not in finished.text


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
