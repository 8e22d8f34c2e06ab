"""One deployment's files, environment and command on an appserver: everything is named by its inputs.

The code lies in a writable copy, because projects make folders beside their settings; layers stay read-only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dz.errors import PlatformError
from dz.names import AppId
from dz.seams.sandbox import Box, Network, Sandbox
from dz.seams.supervisor import Program
from dz.tasklib import unsynced
from dz.tasklib.appserver import processes
from dz.tasklib.build.layers import unpack
from dz.tasklib.build.owncode import OwnCode
from dz.tasklib.buildconfig import parse
from dz.tasklib.filled import Known
from dz.tasklib.folders import Folders, clear, fresh, passable
from dz.tasklib.guestbox import Start, public_url, spec_of
from dz.tasklib.records import Deployment, Running

# A process that dies before is started again later and later: Django alone takes a second or two to be imported, so
# that one which can't start would else keep a core busy.
SETTLES = 10.0
SAID = "said.json"  # in a release's folder: what its web process said of the project
TAIL = 16 * 1024  # bytes of a log in which an error's place is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What of this host a site must know: its folders, the guest's, and how the world reaches it."""

    folders: Folders
    guest: Path
    scheme: str
    port: int  # the public one, of the proxy

    def url(self, hostname: str) -> str:
        return public_url(self.scheme, self.port, hostname)

    def host_header(self, hostname: str) -> str:
        return self.url(hostname).split("://", 1)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One release of one project on this host."""

    running: Running
    place: Place
    apart: str = ""  # the name of a folder of its own, for a command that may outlast the release
    asked: Mapping[str, Sequence[str]] | None = None  # candidates, where its web process is to say what it turned out

    @property
    def app_id(self) -> AppId:
        return self.running.deployment.app_id

    def beside(self, deployment: Deployment) -> Site:
        """The same release's, of another of its processes on this host."""
        return replace(self, running=replace(self.running, deployment=deployment))

    @property
    def folder(self) -> Path:
        if self.apart:
            return self.place.folders.runs(self.app_id) / self.apart
        return self.place.folders.release(self.app_id, self.running.release.number)

    @property
    def code(self) -> Path:
        return self.folder / "app"

    @property
    def log(self) -> Path:
        return self.place.folders.runs(self.app_id) / "log" / f"{self.running.deployment.program}.log"

    @property
    def volume(self) -> Path:
        return self.place.folders.volume(self.app_id, self.running.database.name)

    @property
    def env_layer(self) -> Path:
        layer = self.running.bundle.layer("env")
        assert layer is not None, "a bundle has an env layer"
        return self.place.folders.layer(self.app_id, "env", layer.key)

    @property
    def static(self) -> Path | None:
        """The collected files: hashed names are looked up in their manifest at run time."""
        layer = self.running.bundle.layer("static")
        return self.place.folders.layer(self.app_id, "static", layer.key) if layer else None

    @property
    def packed(self) -> Path:
        """What its code is unpacked from."""
        layer = self.running.bundle.layer("app")
        assert layer is not None, "a bundle has an app layer"
        return self.place.folders.code(self.app_id, layer.key)

    @property
    def layers(self) -> frozenset[Path]:
        """The bundle's, as they lie on this host."""
        return frozenset((self.packed, self.env_layer, *([self.static] if self.static else [])))

    @property
    def parts(self) -> frozenset[Path]:
        """What its processes run from."""
        return self.layers | {self.folder, self.place.guest}

    @property
    def root(self) -> Path:
        return self.code / str(self.running.bundle.manifest["project_root"])

    def known(self) -> Known:
        hosts = tuple(str(h) for h in self.running.hostnames)
        return Known(
            database=self.running.database,
            secret_key=self.running.secret_key.reveal(),
            hosts=hosts,
            url=self.place.url(hosts[0]) if hosts else "",
            redis=self.running.redis,
        )

    @property
    def start(self) -> Start:
        return Start(
            release=self.running.release,
            env_layer=self.env_layer,
            guest=self.place.guest,
            spec=self.folder / "guest.json",
            root=self.root,
            home=self.folder / "home",
            reads=self.running.bundle.manifest.get("reads", ()),
            known=self.known(),
        )

    def guest_spec(self) -> dict[str, Any]:
        manifest, release = self.running.bundle.manifest, self.running.release
        always = spec_of(
            manifest,
            self.code,
            static=self.static or self.folder / "static",
            media=self.volume / "media",
            hosts=self.running.hostnames,
            public=(self.place.scheme, self.place.port),
            release=release.number,
        )
        return always | {
            "settings_module": manifest["settings_module"],
            "wsgi": "" if processes.serves_asgi(parse(release.build_config)) else manifest.get("wsgi", ""),
            "asgi": manifest.get("asgi", ""),
            "static_url": manifest.get("static_url", ""),
            "workers": 2,
            **self._question(),
        }

    def _question(self) -> dict[str, Any]:
        """What was foreseen is told to no process that is to say it."""
        if self.asked is None:
            return {}
        return {"tell": str(self.folder / SAID), "candidates": self.asked, "static_url": ""}

    @property
    def command(self) -> tuple[str, ...]:
        """The guest's, for this deployment's process."""
        deployment = self.running.deployment
        if deployment.is_web:
            return ("serve",)
        line = processes.lines(self.running.release.build_config).get(processes.kind(deployment.process), "")
        return ("work", *processes.argv(line)[0])

    def tail(self) -> str:
        """The end of what its process wrote."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - TAIL))
                return log.read(TAIL).decode(errors="replace")
        except OSError:
            return ""

    def box(self, *command: str, kill_id: str = "", marker: str = "") -> Box:
        """The sandboxed command of the guest: ``serve`` or ``manage ...``, whose answer then follows ``marker``."""
        return self.start.box(
            *command,
            read=self._needed(),
            writable=(self.folder, self.volume),
            network=Network.SITE,
            kill_id=kill_id,
            marker=marker,
        )

    def _needed(self) -> tuple[Path, ...]:
        """More to read: the static layer, and the folder of the database's socket."""
        address = self.running.database.address
        return (*([self.static] if self.static else []), *([Path(address)] if address.startswith("/") else []))


def lay(site: Site, sandbox: Sandbox) -> None:
    """The release's own folder: code, guest spec, home. Done again it changes nothing that a process has open."""
    folder = site.folder
    home = site.place.folders.home
    if (folder / "guest.json").exists() and unsynced.is_whole(home, folder):
        return
    passable(folder.parent)
    coming = fresh(folder.with_name(f"{folder.name}.coming"))
    try:
        _fill(coming, site)
    except BaseException:
        clear(coming)
        raise
    sandbox.own(coming, site.app_id)
    _have_volume(site, sandbox)
    site.log.parent.mkdir(mode=0o700, exist_ok=True)
    with unsynced.making(home, folder):
        clear(folder)
        coming.rename(folder)


def _have_volume(site: Site, sandbox: Sandbox) -> None:
    """Given to the project once, when it is new: what a running site has there is its own to arrange."""
    volume = site.volume
    if volume.exists():
        return
    coming = fresh(volume.with_name(f"{volume.name}.coming"))
    (coming / "media").mkdir()
    sandbox.own(coming, site.app_id)
    coming.rename(volume)


def _fill(coming: Path, site: Site) -> None:
    try:
        unpack(site.packed, coming / "app", writable=True)
    except PlatformError:  # damaged on this disk, it is fetched again by the next try
        site.packed.unlink(missing_ok=True)
        raise
    home, python = site.place.folders.home, site.running.bundle.manifest["python"]
    OwnCode(home=home, app_id=site.app_id, python=python).seed(coming / "app")
    (coming / "home").mkdir()
    (coming / "static").mkdir()
    (coming / "guest.json").write_text(json.dumps(site.guest_spec()))


def program(site: Site, sandbox: Sandbox, *, grace: float) -> Program:
    """What the supervisor runs for this deployment. Writes the 0600 start spec that holds the environment."""
    deployment = site.running.deployment
    spec = site.place.folders.runs(site.app_id) / f"{deployment.program}.spec"
    port = deployment.port if deployment.is_web else None
    box = site.box(*site.command)
    reached = f"{site.place.scheme} {site.place.port}"
    box = replace(box, env={**box.env, "DZ_PROCESS": deployment.process, "DZ_REACHED": reached})
    argv = sandbox.site(box, address=deployment.address, port=port, spec=spec)
    home = site.place.folders.home
    return Program(name=deployment.program, argv=tuple(argv), cwd=home, log=site.log, grace=grace, settles=SETTLES)


def sweep(site_folders: Folders, app_id: AppId, release: int, program_name: str) -> None:
    """Delete what ``lay`` and ``program`` made; the log stays."""
    clear(site_folders.release(app_id, release))
    (site_folders.runs(app_id) / f"{program_name}.spec").unlink(missing_ok=True)
