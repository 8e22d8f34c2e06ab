"""Who runs what. As root every service has an ordinary user, made once; without root there is one user for all.

``dz-core``: panel, dispatcher, zoomdb, broker. ``dz-pg``: the projects' PostgreSQL. ``dz-proxy``: nginx and the proxy
worker. ``dz-db``: the database worker. ``dz-push``: what takes pushes. Build and appserver workers stay root: they
start each project under its uid.
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
from pathlib import Path

from dz.errors import UserError
from dz.run import check

CORE, POSTGRES, PROXY, DATABASE, PUSH = "dz-core", "dz-pg", "dz-proxy", "dz-db", "dz-push"
GROUP = "djangozoom"  # reaches the sockets of zoomdb, broker and panel
ROOT = ""  # whoever runs dz up


def rooted() -> bool:
    return os.geteuid() == 0


def own_name() -> str:
    """Of whoever runs this. Raises UserError local.nameless: PostgreSQL makes no database for a number alone."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise UserError("local.nameless", uid=os.geteuid()) from None


def make_users() -> None:
    """Make what is missing of users and group; nothing without root."""
    if not rooted():
        return
    if not _known_group(GROUP):
        check(["groupadd", "--system", GROUP], deadline=30)
    for name in (CORE, POSTGRES, PROXY, DATABASE, PUSH):
        if not _known_user(name):
            groups = [] if name in (POSTGRES, PUSH) else ["--groups", GROUP]
            words = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
            check(["useradd", *words, "--shell", "/usr/sbin/nologin", *groups, name], deadline=30)


def become(user: str, *, death_signal: str, low_port: bool = False) -> tuple[str, ...]:
    """The words before an argv so that it runs as ``user`` and dies with the one who started it."""
    words = ["setpriv", "--pdeathsig", death_signal]
    if user and rooted():
        entry = pwd.getpwnam(user)
        words += [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups", "--no-new-privs"]
        words += (
            ["--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"] if low_port else ["--inh-caps=-all"]
        )
    return tuple(words)


def give(path: Path, user: str, mode: int, group: str = "") -> Path:
    """Owner and mode of one of our own files or folders."""
    path.chmod(mode)
    if rooted():
        entry = pwd.getpwnam(user) if user else None
        gid = grp.getgrnam(group).gr_gid if group else (entry.pw_gid if entry else 0)
        os.chown(path, entry.pw_uid if entry else 0, gid, follow_symlinks=False)
    return path


def folder(path: Path, user: str, mode: int, group: str = "") -> Path:
    path.mkdir(exist_ok=True)
    return give(path, user, mode, group)


def file(path: Path, text: str, user: str, mode: int = 0o600) -> bool:
    """Write a file that nobody else could read at any moment; False if it held that text already."""
    if path.exists() and path.read_text() == text:
        give(path, user, mode)
        return False
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    give(beside, user, mode).rename(path)
    return True


def config(folder: Path, stem: str, suffix: str, text: str, user: str) -> Path:
    """A server's configuration under a name made from its content: a changed one makes a changed command line, for
    which the server is started anew."""
    path = folder / f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}{suffix}"
    file(path, text, user)
    return path


def _known_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _known_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
