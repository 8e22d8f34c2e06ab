"""The home folder of git for one command or two: its configuration, known hosts and deploy key, gone afterwards.

Promise: git sees no configuration but this one; nothing of the operator's (``~/.gitconfig``, ``.netrc``, ssh agent,
credential helpers) reaches it. The key lies in a 0600 file while the block runs; a process that was killed leaves it
until the next block in ``work``, or ``sweep``. Known hosts stay in ``work``, so that a host whose key changes later is
refused.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from dz.log import Secret
from dz.run import environment
from dz.tasklib.folders import clear
from dz.tasklib.locks import at_once

# unpackLimit: what is fetched stays a pack, whose size is watched while it grows.
# allow=never first: each protocol that is not named is refused, in redirects too. safe.directory: repositories of
# another user by file:// (-c on the command line is not heeded for it).
_CONFIG = """\
[protocol]
	allow = never
[protocol "https"]
	allow = always
[protocol "ssh"]
	allow = always
[protocol "file"]
	allow = {file}
[safe]
	directory = *
[core]
	hooksPath = /dev/null
	fsmonitor = false
	askPass =
	attributesFile = /dev/null
	excludesFile = /dev/null
[http]
	followRedirects = initial
	lowSpeedLimit = 1000
	lowSpeedTime = 30
[init]
	defaultBranch = main
	templateDir =
[gc]
	auto = 0
[maintenance]
	auto = false
[submodule]
	recurse = false
[fetch]
	recurseSubmodules = false
	unpackLimit = 1
	writeCommitGraph = false
[advice]
	detachedHead = false
[user]
	name = djangozoom
	email = djangozoom@localhost
"""


class GitHome:
    """``with GitHome(work) as home``: ``environment()`` for git; ``said`` collects its stderr."""

    def __init__(self, work: Path, *, key: Secret | None, file_urls: bool) -> None:
        self._work, self._key, self._file_urls = work, key, file_urls
        self.said = bytearray()
        self._lock = ExitStack()

    def __enter__(self) -> Self:
        self._work.mkdir(parents=True, exist_ok=True)
        sweep(self._work)
        made = Path(tempfile.mkdtemp(prefix="new-", dir=self._work))  # 0700
        self._lock.enter_context(at_once(made / "lock"))
        self.folder = made.rename(made.with_name(made.name.replace("new-", "git-", 1)))  # seen only once it is locked
        (self.folder / "gitconfig").write_text(_CONFIG.format(file="always" if self._file_urls else "never"))
        if self._key is not None:
            private = os.open(self.folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(private, "w") as file:
                file.write(self._key.reveal().rstrip("\n") + "\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    def environment(self) -> Mapping[str, str]:
        allowed = environment()
        certificates = {"GIT_SSL_CAINFO": allowed["SSL_CERT_FILE"]} if "SSL_CERT_FILE" in allowed else {}
        return {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": shlex.join(self._ssh()),
            "GIT_SSH_VARIANT": "ssh",
            "GIT_LFS_SKIP_SMUDGE": "1",
            **certificates,
        }

    def _ssh(self) -> list[str]:
        """The host's key is taken on first sight and held to afterwards."""
        options = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "accept-new",
            "UserKnownHostsFile": str(self._work / "known_hosts"),
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "ConnectTimeout": "15",
            "ServerAliveInterval": "10",
            "ForwardAgent": "no",
            "ClearAllForwardings": "yes",
            "PermitLocalCommand": "no",
        }
        key = self.folder / "key"
        words = ["ssh", "-F", "/dev/null", "-i", str(key if self._key is not None else "/dev/null")]
        return words + [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def sweep(work: Path) -> None:
    """Delete the homes in ``work`` whose processes are gone: their locks went with them."""
    for folder in work.glob("git-*"):
        with at_once(folder / "lock") as free:
            if free:
                clear(folder)
