"""What a failed git command means: a UserError with its mend, or Transient.

Promise: first the host itself is asked (does its name resolve, does something listen); only what git alone knows is
read from its message, in the C locale, by the one table below. What the table lacks is shown in git's own words.
"""

from __future__ import annotations

import re
import shlex
import socket

from dz.errors import DzError, PlatformError, Transient, UserError
from dz.log import redact_urls
from dz.tasklib.build.giturl import GitUrl

PROBE = 5.0  # seconds

# Git's exit code is 128 for all of these; its text (LC_ALL=C, git 2.30 to 2.50; OpenSSH) is the only source.
# None reaches far from where it begins: a server says what it likes, and many beginnings would take their square.
_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"certificate|SSL peer|unable to get local issuer", "repo.bad-certificate"),
    (
        r"is this a git repository\?|does not appear to be a git repository|bad line length|expected 'packfile'",
        "no-repo",
    ),
    (
        r"repository '?.{0,600}?'? (not found|does not exist)|Repository not found|Authentication failed",
        "repo.not-found",
    ),
    (
        r"could not read (Username|Password)|terminal prompts disabled|Permission denied|error: 40[134]\b",
        "repo.not-found",
    ),
    (r"No space left on device|Disk quota exceeded", "disk-full"),
    (r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED", "repo.git-failed"),
    (r"(couldn't|could not) find remote ref|unadvertised object|not our ref|bad object", "no-ref"),
    (r"possible repository corruption on the remote side", "repo.git-failed"),  # an early EOF follows it
    (
        r"timed out|Connection reset|early EOF|error: 5[0-9][0-9]\b|error: 429\b|RPC failed|unexpected disconnect",
        "transient",
    ),
    (r"hung up unexpectedly|Connection closed|too slow", "transient"),
)
_REDIRECT = re.compile(r"^warning: redirecting to (https://([^/:\s]+)\S*)", re.MULTILINE)


def unreachable(url: GitUrl) -> DzError | None:
    """Ask the host itself. None if something listens there, or for a folder of this machine."""
    if not url.host:
        return None
    try:
        with socket.create_connection((url.host, url.port), timeout=PROBE):
            return None
    except socket.gaierror:
        return UserError("repo.host-unreachable", host=url.host, reason="its name does not resolve")
    except ConnectionRefusedError:
        return UserError("repo.host-unreachable", host=url.host, reason=f"nothing listens at port {url.port}")
    except OSError as error:
        return Transient(f"{url.host} did not answer: {error.strerror or 'timed out'}")


def explain(url: GitUrl, output: str, *, ref: str = "") -> DzError:
    """The error to raise for a git command that failed with ``output``."""
    if (gone := unreachable(url)) is not None:
        return gone
    meaning = next((m for pattern, m in _MEANINGS if re.search(pattern, output)), "repo.git-failed")
    where, path = url.host or "This machine", url.path if url.host else url.folder
    if meaning == "transient":
        return Transient(f"{where} broke off: {_last_line(output)}")
    if meaning == "no-ref":
        return no_such_ref(url, ref, ())
    if meaning == "no-repo":
        # ssh hosts and folders say this of what does not exist; over https it is a page that is no repository.
        meaning = "repo.not-a-repository" if url.scheme == "https" else "repo.not-found"
    if meaning == "repo.not-found" and not url.host:
        meaning = "repo.no-folder"
    if meaning == "disk-full":
        return PlatformError(_last_line(output), id="platform.disk-full")
    return UserError(meaning, host=where, path=path, url=url.text, detail=_last_line(output))


def redirected_elsewhere(url: GitUrl, output: str) -> UserError | None:
    """A renamed repository is followed within its host; another host must be asked for."""
    for target, host in _REDIRECT.findall(output):
        if host.lower() != url.host:
            return UserError("repo.redirected", host=url.host, other=host, target=shlex.quote(target.rstrip("/")))
    return None


def no_such_ref(url: GitUrl, ref: str, near: tuple[str, ...]) -> UserError:
    """The names that are ``near`` are the other side's, which may call a branch ``$(...)``."""
    again = f"dz deploy {shlex.quote(url.text)} --ref"
    hint = f"Did you mean {' or '.join(near)}? {again} {shlex.quote(near[0])}" if near else ""
    return UserError(
        "repo.no-such-ref",
        url=url.text,
        ref=ref or "HEAD (its default branch does not exist)",
        hint=hint or f"Name one that exists: {again} BRANCH",
    )


def _last_line(output: str) -> str:
    lines = [line for line in output.strip().splitlines() if line.strip() and not line.startswith("warning:")]
    best = next((line for line in lines if line.startswith(("fatal:", "ERROR:"))), lines[-1] if lines else "no message")
    return redact_urls(best.removeprefix("fatal: ").strip().rstrip("."))[:300]
