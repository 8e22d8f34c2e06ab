"""nginx as the reverse proxy: one file per project, tested whole, swapped at once, reloaded.

Under ``prefix``: ``nginx.conf`` includes ``sites/*.conf``, and ``sites`` is a link to one folder of ``sets``. A change
is a new set beside the old one (hard links and one new file); only a set that passed ``nginx -t`` becomes ``sites``, by
renaming the link. ``loaded`` names the set that nginx was last seen to take over, so that a change whose reload was cut
off is reloaded by the next call. Whoever starts nginx runs ``command``; this class sends it no signal but HUP.
"""

from __future__ import annotations

import fcntl
import grp
import hashlib
import os
import pwd
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

import psutil

from dz.errors import PlatformError, Transient
from dz.log import get_logger
from dz.names import AppId
from dz.run import run
from dz.seams.proxy import Site
from dz.seams.proxy.config import Base, Own
from dz.seams.proxy.places import Places
from dz.seams.proxy.sitefile import site_text
from dz.seams.proxy.values import listen_address
from dz.seams.proxy.workers import EVERY, TOLD, Worker, master_of, reload, workers_of
from dz.until import until

TEST_DEADLINE = 60.0
RELOAD_DEADLINE = 30.0  # until the first worker with the new configuration is there
LOCK_DEADLINE = 120.0
_LISTENS = re.compile(r"^listen [^\s;]+;$", re.MULTILINE)  # of files that site_text made
RARELY = 0.1  # where each look reads the kernel's table of connections

log = get_logger()


class Nginx:
    """One nginx instance on this host. ``user``: what its workers become, only for an instance that root starts."""

    def __init__(self, binary: Path, prefix: Path, listen: str, *, user: str = "", own: Own | None = None) -> None:
        self._binary = binary
        self._prefix = prefix
        self._listen = listen
        self._user = user
        self._own = own or Own()

    @property
    def command(self) -> tuple[str, ...]:
        """The argv that a supervisor starts; it stays in the foreground."""
        return (str(self._binary), "-e", "stderr", "-p", f"{self._prefix}/", "-c", str(self._prefix / "nginx.conf"))

    def lay(self) -> None:
        """Make the instance's folders and its main file; sites that are there stay, and listen where we do. Done again
        it is harmless."""
        for folder in (self._prefix, self._prefix / "sets", self._prefix / "temp"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        if not self._sites.exists():
            self._swap(self._new_set())
        self._move()
        text = self._base.text(self._sites, anew=self._places.anew)
        main = self._prefix / "nginx.conf"
        if not main.exists() or main.read_text() != text:
            _write(main, text)
            (self._prefix / "loaded").unlink(missing_ok=True)

    def _move(self) -> None:
        """A site that listened where we did before keeps that address open, to the world perhaps, or has nginx not
        start where another program is by now; and where one address is part of the other, no reload comes through."""
        if not any(_moved(file, self._listen) for file in self._sites.glob("*.conf")):
            return
        with self._locked():
            staged = self._new_set()
            for file in self._sites.glob("*.conf"):
                _write(staged / file.name, _moved(file, self._listen) or file.read_text())
            shutil.rmtree(self._swap(staged))
            (self._prefix / "loaded").unlink(missing_ok=True)

    def apply(self, app_id: AppId, site: Site | None, *, wait: float = 30.0) -> int:
        """See the contract. When nginx isn't running the new set is what it will start with: see ``running``."""
        text = None if site is None else site_text(site, self._listen)
        self.lay()
        with self._locked():
            before = self._change(AppId(app_id), text)
        return self._lingering(before, wait)

    def free_places(self) -> bool:
        """See the contract."""
        with self._locked():
            master = master_of(self._prefix / "nginx.pid")
            if master is None or not self._places.are_lost(master, before := workers_of(master)):
                return False
            self._count_anew()
            self._hup(master, before)
            _write(self._prefix / "loaded", self._sites.resolve().name)
        return True

    def _count_anew(self) -> None:
        log.warning("proxy.worker-died", prefix=str(self._prefix))
        self._places.begin_anew()
        self.lay()

    def applied(self) -> dict[AppId, str]:
        if not self._sites.exists():
            return {}
        return {AppId(file.stem): _digest(file.read_text()) for file in sorted(self._sites.glob("*.conf"))}

    def digest_of(self, site: Site) -> str:
        return _digest(site_text(site, self._listen))

    def running(self) -> bool:
        return master_of(self._prefix / "nginx.pid") is not None

    @property
    def _sites(self) -> Path:
        return self._prefix / "sites"

    @property
    def _places(self) -> Places:
        return Places(self._prefix)

    @cached_property
    def _base(self) -> Base:
        return Base(
            prefix=self._prefix,
            listen=self._listen,
            user=self._user,
            group=grp.getgrgid(pwd.getpwnam(self._user).pw_gid).gr_name if self._user else "",
            own=self._own,
            min_timeout=knows_min_timeout(self._binary, self._prefix / "temp"),
        )

    def _change(self, app_id: AppId, text: str | None) -> list[Worker]:
        """Stage, test, swap, reload; returns the workers that had the configuration before."""
        file = self._sites / f"{app_id}.conf"
        current = file.read_text() if file.exists() else None
        if current == text and self._loaded() == self._sites.resolve().name:
            return []
        staged = self._new_set()
        try:
            self._fill(staged, app_id, text)
            self._test(staged)
        except BaseException:
            shutil.rmtree(staged)
            raise
        old = self._swap(staged)
        before = self._reload(old, staged)
        shutil.rmtree(old)
        return before

    def _new_set(self) -> Path:
        folder = self._prefix / "sets" / secrets.token_hex(8)
        folder.mkdir(mode=0o755)
        return folder

    def _fill(self, staged: Path, app_id: AppId, text: str | None) -> None:
        for file in self._sites.glob("*.conf"):
            if file.stem != app_id:
                (staged / file.name).hardlink_to(file)
        if text is not None:
            _write(staged / f"{app_id}.conf", text)

    def _test(self, staged: Path) -> None:
        main = staged / "nginx.conf.test"
        main.write_text(self._base.text(staged))
        argv = (str(self._binary), "-t", "-q", "-e", "stderr", "-p", f"{self._prefix}/", "-c", str(main))
        finished = run(argv, deadline=TEST_DEADLINE)
        main.unlink()
        if not finished.ok:
            raise PlatformError(f"nginx refuses the configuration: {finished.text[-600:].strip()}")

    def _swap(self, new: Path) -> Path:
        """Make ``new`` what ``sites`` means; returns what it meant before (``new`` itself the first time)."""
        old = self._sites.resolve() if self._sites.exists() else new
        beside = self._prefix / f"sites.{new.name}"
        beside.symlink_to(Path("sets") / new.name)
        beside.rename(self._sites)
        _fsync(self._prefix)
        return old

    def _reload(self, old: Path, new: Path) -> list[Worker]:
        """HUP, and see that a worker with the new configuration appears; else the old set comes back."""
        master = master_of(self._prefix / "nginx.pid")
        if master is None:
            log.warning("proxy.not-running", prefix=str(self._prefix))
            return []
        before = workers_of(master)
        if self._places.are_lost(master, before):
            self._count_anew()
        try:
            self._hup(master, before)
        except PlatformError:
            self._swap(old)
            shutil.rmtree(new)
            raise
        _write(self._prefix / "loaded", new.name)
        return before

    def _hup(self, master: psutil.Process, before: list[Worker]) -> None:
        self._places.forget()
        self._places.note(master, reload(master, before, within=RELOAD_DEADLINE))

    def _lingering(self, workers: list[Worker], wait: float) -> int:
        """Wait until none of these workers matters any more; how many still do after ``wait`` seconds."""
        began = time.monotonic()
        port = listen_address(self._listen)[1]
        sockets = [one for one in (self._own.panel, self._own.push) if one is not None]

        left = len(workers)

        def none() -> bool:
            nonlocal left
            left = sum(one.matters(time.monotonic() - began, port, sockets) for one in workers)
            return not left

        if not until(none, min(wait, TOLD), every=EVERY):
            until(none, wait - TOLD, every=RARELY)
        return left

    def _loaded(self) -> str:
        file = self._prefix / "loaded"
        return file.read_text() if file.exists() else ""

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One change at a time per instance; the kernel frees the lock of a worker that dies."""
        with (self._prefix / "lock").open("w") as file:

            def take() -> bool:
                with suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                return False

            if not until(take, LOCK_DEADLINE, every=EVERY):
                raise Transient(f"another change of the proxy took longer than {LOCK_DEADLINE:.0f} s")
            yield


def knows_min_timeout(binary: Path, scratch: Path) -> bool:
    """Whether this nginx accepts keepalive_min_timeout; asked of ``nginx -t`` itself."""
    scratch.mkdir(parents=True, exist_ok=True)
    file = scratch / f"asked-{secrets.token_hex(4)}.conf"
    temp = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file.write_text(f"pid asked.pid; events {{}} http {{ {temp} access_log off; keepalive_min_timeout 3s; }}")
    try:
        argv = (str(binary), "-t", "-q", "-e", "stderr", "-p", f"{scratch}/", "-c", str(file))
        return run(argv, deadline=TEST_DEADLINE).ok
    finally:
        file.unlink()


def _moved(file: Path, listen: str) -> str:
    """A site's file as it listens there; "" where it does."""
    host, port = listen_address(listen)
    before = file.read_text()
    text = _LISTENS.sub(f"listen {host}:{port};", before)
    return text if text != before else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(file: Path, text: str) -> None:
    """Beside, fsync, rename."""
    beside = file.with_name(f"{file.name}.new")
    with beside.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.rename(file)
    _fsync(file.parent)


def _fsync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
