"""The one way to start a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dz.errors import Cancelled
from dz.run import Caps, CommandFailed, DeadlinePassed, Finished, check, marked, run
from tests.waiting import meanwhile, until

PYTHON = [sys.executable, "-I", "-c"]


def test_output_comes_as_it_is_written_and_the_tail_is_kept() -> None:
    pieces: list[bytes] = []
    finished = run([*PYTHON, "print('a' * 10); print('b' * 10)"], deadline=60, on_output=pieces.append, keep=11)
    assert b"".join(pieces) == b"a" * 10 + b"\n" + b"b" * 10 + b"\n"
    assert finished.output == b"b" * 10 + b"\n"


def test_stdin_is_what_is_given_and_a_code_is_an_answer() -> None:
    finished = run([*PYTHON, "import sys; print(sys.stdin.read()); sys.exit(3)"], deadline=60, stdin=b"x" * 200_000)
    assert finished.code == 3
    assert len(finished.output) == 64 * 1024


def test_the_environment_is_an_allow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DZ_ZOOMDB_URL", "secret")
    seen = run([*PYTHON, "import os; print(sorted(os.environ))"], deadline=60, env={"GIVEN": "1"}).text
    assert "GIVEN" in seen
    assert "DZ_ZOOMDB_URL" not in seen


def test_a_deadline_ends_the_command_and_what_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"import subprocess, time; p = subprocess.Popen(['sleep', '600']); open({str(pid_file)!r}, 'w').write(str(p.pid)); time.sleep(600)"
    with pytest.raises(DeadlinePassed):
        run([*PYTHON, code], deadline=2)
    pid = pid_file.read_text()
    until(
        lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text(), what="sleep is gone"
    )


def test_cancelling_ends_it() -> None:
    with pytest.raises(Cancelled):
        run(["sleep", "600"], deadline=60, cancelled=lambda: True)


def test_a_straggler_that_holds_the_output_does_not_hold_us() -> None:
    assert run(["sh", "-c", "sleep 600 & echo done"], deadline=60).text == "done\n"


@pytest.mark.parametrize("chat", ["while :; do echo more; sleep 0.05; done", "yes"], ids=["now and then", "a flood"])
def test_neither_does_one_that_goes_on_to_write(chat: str) -> None:
    assert run(["sh", "-c", f"echo done; ({chat}) &"], deadline=20, keep=10**9).text.startswith("done\n")


def test_what_a_command_says_as_it_ends_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It speaks and ends between a look at its silent output and the question whether it has ended."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    poll = subprocess.Popen.poll

    def late(process: subprocess.Popen[bytes]) -> int | None:
        if gate.exists():
            gate.write_text("go")
            process.wait(60)
            gate.unlink()
        return poll(process)

    monkeypatch.setattr(subprocess.Popen, "poll", late)
    assert run(["sh", "-c", f"read word < {gate}; echo said"], deadline=60).text == "said\n"


@pytest.mark.parametrize(
    ("greed", "end"),
    [
        ("bytearray(2 * 10**9)", 1),
        ("open('big', 'wb').write(bytes(2 * 10**6))", 1),
        ("exec('while True: pass')", -signal.SIGKILL),
    ],
)
def test_what_reads_a_strangers_files_is_capped(tmp_path: Path, greed: str, end: int) -> None:
    caps = Caps(memory=10**9, file_size=10**6, cpu=1)
    code = f"import sys; sys.stdin.read(); {greed}"  # its input comes once the caps lie
    finished = run([*PYTHON, code], deadline=60, stdin=b"go", cwd=tmp_path, caps=caps)
    assert finished.code == end, finished.text


def test_our_own_commands_must_succeed() -> None:
    with pytest.raises(CommandFailed, match="ended with 4: why"):
        check([*PYTHON, "print('why'); raise SystemExit(4)"], deadline=60)


def test_children_of_a_step_carry_its_kill_id() -> None:
    show = [*PYTHON, "import os; print(os.environ.get('DZ_KILL_ID'))"]
    with marked("step7"):
        assert run(show, deadline=60).text == "step7\n"
    assert run(show, deadline=60).text == "None\n"


def test_what_is_started_by_one_who_yields_yields_as_well() -> None:
    group = Path("/proc/self/autogroup")
    if group.exists():  # a session would weigh as much as all others together
        look = f"until grep 'nice 19' {group}; do sleep 0.1; done"
        code = f"import os; os.nice(19); from dz.run import run; run(['sh', '-c', {look!r}], deadline=30)"
        assert run([sys.executable, "-c", code], deadline=60).ok


def test_what_the_kernel_would_not_hear_at_once_it_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def write(path: Path, text: str) -> None:
        told.append(f"{path.name} {text}")
        if len(told) == 1:
            raise BlockingIOError

    monkeypatch.setattr(os, "getpriority", lambda *_: 7)
    monkeypatch.setattr(Path, "write_text", write)
    run(["sleep", "1"], deadline=60)
    assert told == ["autogroup 7"] * 2


def test_a_fork_while_a_command_starts_or_is_fed_keeps_none_of_its_pipes() -> None:
    held, told = os.pipe()
    ended: list[Finished] = []
    children = []
    with meanwhile(lambda: ended.append(run(["cat"], stdin=b"word", deadline=10))):
        for _ in range(60):
            child = os.fork()
            if child == 0:  # as a pool's process does: it goes on beside, and starts no program
                os.close(told)
                os.read(held, 1)
                os._exit(0)
            children.append(child)
    os.close(told)
    for child in children:
        os.waitpid(child, 0)
    os.close(held)
    assert ended and {one.output for one in ended} == {b"word"}
