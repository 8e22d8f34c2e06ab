"""The only place that starts a process.

Promises: an argv list and never a shell string; an environment made of an allow-list and what the caller gives; a
deadline; a cap on output; no standard input but what is given; when it leaves, for whatever reason, no process of
the command's session is left. It does not sandbox: what runs a user's code goes through ``dz.seams.sandbox``, whose
commands end up here.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from dz import pipes
from dz.errors import PlatformError

# What any child may see of our own environment. The operator's package index, proxy and certificates are theirs to
# decide, so they pass; nothing that holds a secret of ours is named here.
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
# The kill domain of the step that runs now: whatever its worker starts carries it (``dz.seams.sandbox.killing``).
KILL_ID = "DZ_KILL_ID"
ENV_ALLOW = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", KILL_ID, *PROXIES)
TAIL = 64 * 1024


class DeadlinePassed(PlatformError):
    """The command ran longer than it may. ``output`` holds its tail."""

    def __init__(self, argv: Sequence[str], seconds: float, output: bytes) -> None:
        super().__init__(f"{Path(argv[0]).name} ran longer than {seconds:.0f} s")
        self.seconds = seconds
        self.output = output


class CommandFailed(PlatformError):
    """A command that must succeed ended otherwise. ``finished`` has its code and output."""

    def __init__(self, argv: Sequence[str], finished: Finished) -> None:
        tail = finished.output[-600:].decode(errors="replace").strip()
        super().__init__(f"{Path(argv[0]).name} ended with {finished.code}: {tail}")
        self.finished = finished


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: exit code (negative: the signal), output (or its last 64 kB), seconds."""

    code: int
    output: bytes
    seconds: float

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace")


def ended_by(code: int, by: signal.Signals) -> bool:
    """Whether that is the exit code of what the signal ended, by itself or in a sandbox, which tells it as a shell
    does."""
    return code in (-by, 128 + by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What each process of a command may use: bytes of address space and of one file, seconds of CPU. For tools that
    read a stranger's files outside of the sandbox."""

    memory: int
    file_size: int
    cpu: int

    def lay(self, pid: int) -> None:
        """On a process that has just begun: trusted until it has read something. What it starts inherits them."""
        caps = {resource.RLIMIT_AS: self.memory, resource.RLIMIT_FSIZE: self.file_size, resource.RLIMIT_CPU: self.cpu}
        with contextlib.suppress(ProcessLookupError):
            for which, most in caps.items():
                hard = resource.prlimit(pid, which)[1]
                most = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.prlimit(pid, which, (most, most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stdio:
    """A command's own standard streams, instead of pipes of ours: descriptors that are the command's once it runs, and
    closed here. ``started`` is told the process group."""

    streams: tuple[int, int, int]
    started: Callable[[int], None]


class Streams(TypedDict, total=False):
    """What goes into a command and comes out of it, and what may end it early, as ``run`` says."""

    stdin: bytes | int
    on_output: Callable[[bytes], None] | None
    cancelled: Callable[[], bool] | None
    keep: int
    stderr_to: Callable[[bytes], None] | None
    stdio: Stdio | None


class Options(Streams, total=False):
    """All that ``run`` may be told beside argv and deadline."""

    env: Mapping[str, str] | None
    cwd: Path | None
    pass_fds: Sequence[int]
    caps: Caps | None


@contextlib.contextmanager
def marked(kill_id: str) -> Iterator[None]:
    """Every command that this process starts inside the block belongs to that kill domain, git and uv included."""
    os.environ[KILL_ID] = kill_id
    try:
        yield
    finally:
        del os.environ[KILL_ID]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The allow-listed part of our own environment and ``extra`` over it."""
    return {k: os.environ[k] for k in ENV_ALLOW if k in os.environ} | dict(extra or {})


def run(
    argv: Sequence[str | Path],
    *,
    deadline: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes | int = b"",
    pass_fds: Sequence[int] = (),
    on_output: Callable[[bytes], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    keep: int = TAIL,
    stderr_to: Callable[[bytes], None] | None = None,
    caps: Caps | None = None,
    stdio: Stdio | None = None,
) -> Finished:
    """Run ``argv`` to its end; at most ``deadline`` seconds.

    stdout and stderr come as one stream, given to ``on_output`` in pieces as they arrive; the last ``keep`` bytes are
    returned. With ``stderr_to`` the two are apart and ``output`` is stdout alone (``on_output`` too). With ``stdio``
    there is no output: the caller has the other ends. ``cancelled`` is asked a few times a second. ``stdin`` may be a
    descriptor, which is the command's once it runs, and closed here.

    Raises DeadlinePassed, Cancelled, or FileNotFoundError if there is no such program. A code other than 0 is an
    answer, not an exception: see ``check``.
    """
    words = [os.fspath(a) for a in argv]
    began = time.monotonic()
    given, own = (stdin, subprocess.DEVNULL) if isinstance(stdin, bytes) else (b"", stdin)
    piped = (subprocess.PIPE if given else own, subprocess.PIPE, subprocess.PIPE if stderr_to else subprocess.STDOUT)
    process = _begin(words, environment(env), cwd, pass_fds, stdio.streams if stdio else piped)
    tail = pipes.Tail(keep)
    try:
        if stdio is not None:
            stdio.started(process.pid)
        if caps is not None:
            caps.lay(process.pid)
        asked = _yielding(process.pid, cancelled)
        pipes.pump(process, given, began + deadline, pipes.both(tail, on_output), stderr_to, asked)
    except pipes.Overtime:
        raise DeadlinePassed(words, deadline, tail.value()) from None
    finally:
        kill_session(process.pid)
        process.wait()
        pipes.close(process)
    return Finished(process.returncode, tail.value(), time.monotonic() - began)


def _begin(
    words: list[str], env: Mapping[str, str], cwd: Path | None, pass_fds: Sequence[int], streams: tuple[int, int, int]
) -> subprocess.Popen[bytes]:
    """Descriptors among the streams are closed on our side, whether it starts or not."""
    stdin, stdout, stderr = streams
    try:
        with pipes.starting:
            process = subprocess.Popen(
                words,
                env=env,
                cwd=cwd,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=tuple(pass_fds),
                start_new_session=True,
            )
            pipes.feeds(process)
            return process
    finally:
        for fd in {one for one in streams if one >= 0}:
            os.close(fd)


def _yielding(session: int, cancelled: Callable[[], bool] | None) -> Callable[[], bool]:
    """``cancelled``, which is asked at once and then a few times a second, and whose first questions see to it that the
    command yields as we do: the kernel hears an ordinary user's wish only if it heard none for a tenth of a second."""
    yields = False

    def asked() -> bool:
        nonlocal yields
        yields = yields or _yields_as_we_do(session)
        return cancelled is not None and cancelled()

    return asked


def _yields_as_we_do(session: int) -> bool:
    """Where the kernel shares processors among sessions (autogroup), a nice value counts among the processes of one
    only: what we start in a session of its own would weigh as much as everything else of the platform. False: to be
    tried again."""
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    if nice > 0:
        try:
            Path(f"/proc/{session}/autogroup").write_text(str(nice))
        except BlockingIOError:
            return False
        except OSError:
            pass  # a kernel without
    return True


def check(argv: Sequence[str | Path], *, deadline: float, **options: Unpack[Options]) -> Finished:
    """Like ``run``, for commands of our own that must succeed. Raises CommandFailed too."""
    finished = run(argv, deadline=deadline, **options)
    if not finished.ok:
        raise CommandFailed([os.fspath(a) for a in argv], finished)
    return finished


def start(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: Path,
) -> int:
    """Start a daemon of our own (supervisord) in a session of its own and return its pid; output goes to a file."""
    with output.open("ab") as out, pipes.starting:
        process = subprocess.Popen(
            [os.fspath(a) for a in argv],
            env=environment(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    process.returncode = 0  # it is not ours to wait for
    return process.pid


def kill_session(pid: int) -> None:
    """SIGKILL to every process of the group that ``pid`` leads; nothing if there is none."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
