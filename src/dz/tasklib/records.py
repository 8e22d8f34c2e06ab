"""Values that steps pass on and that the door to zoomdb gives: frozen, checked, without behaviour of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dz.log import Secret
from dz.names import AppId, Commit, Digest, HostName, InstanceId, ProjectName
from dz.seams.dbserver import Database

__all__ = [
    "Backup",
    "Basis",
    "Bundle",
    "Database",
    "Deployment",
    "Guess",
    "Host",
    "Layer",
    "Project",
    "Redis",
    "Release",
    "Route",
    "Running",
    "Stored",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Why something was guessed: the place in the repository and a sentence."""

    file: str = ""
    line: int | None = None
    excerpt: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One value of one field with its evidence. ``confidence`` from 0 to 1; one per field is primary."""

    field: str
    value: str
    basis: Basis
    confidence: float
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    app_id: AppId
    name: ProjectName
    repo_url: str
    ref: str
    build_config: str  # zoombuild.cfg as text; "" before the first check
    confirmed: tuple[str, ...]  # its keys that a person confirmed
    deploy_key: Secret | None
    left_unset: tuple[str, ...] = ()  # variables that it reads and, as a person decided, does without


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """``key`` hashes what a layer is made from, ``digest`` its bytes; ``size`` in bytes, packed."""

    kind: str  # env, app, static
    key: str
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    id: int
    app_id: AppId
    commit: Commit
    platform: str
    layers: tuple[Layer, ...]
    manifest: Mapping[str, Any]  # what a deployment must know: see tasklib.build.bundle

    def layer(self, kind: str) -> Layer | None:
        return next((one for one in self.layers if one.kind == kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    app_id: AppId
    number: int
    state: str
    commit: Commit
    build_config: str
    bundle_id: int | None
    subject: str = ""  # of the commit
    why: str = ""
    environment: Mapping[str, Secret] = field(default_factory=dict)  # the project's own variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A worker host as its last heartbeat told; ``silent_for`` in seconds, load per core, shares from 0 to 1."""

    instance_id: InstanceId
    role: str
    address: str
    platform: str
    silent_for: float
    load: float
    memory: float
    disk: float
    capacity: int = 0
    deployments: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    id: int
    app_id: AppId
    release: int
    process: str
    host: InstanceId
    address: str
    port: int  # 0: it listens nowhere
    state: str

    @property
    def is_web(self) -> bool:
        """Whether requests are led to it."""
        return self.port != 0

    @property
    def shown(self) -> str:
        """What people call it."""
        return f"{self.process} of release {self.release}"

    @property
    def program(self) -> str:
        """What supervisor calls it: named by its inputs, so that the same inputs give the same name."""
        return f"{self.app_id}-{self.release}-{self.process}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a proxy must know of one project: its hostnames and where they lead. No deployments: no route, but a plain
    page for a project that rests."""

    app_id: AppId
    hostnames: tuple[HostName, ...]
    deployments: tuple[Deployment, ...]
    release: int | None  # the live one
    static_url: str = "/static/"
    static_layers: Mapping[int, Layer] = field(default_factory=dict)  # release → its static layer
    resting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """A project's own Redis. ``port`` 0: no host has taken it yet."""

    app_id: AppId
    port: int
    password: Secret

    @property
    def program(self) -> str:
        return redis_program(self.app_id)


def redis_program(app_id: AppId) -> str:
    """What supervisor calls a project's own Redis: as a process of no release, for it outlives them."""
    return f"{app_id}-0-redis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What it takes to start one deployment."""

    deployment: Deployment
    bundle: Bundle
    release: Release
    database: Database
    secret_key: Secret
    hostnames: tuple[HostName, ...]
    redis: Redis | None = None  # the project's own, where it has one


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object of a backup: its name in the store, the sha256 of its bytes, how many they are."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A dump of a project's database, and its volume. ``rows``: of each table, in the dump's own snapshot."""

    id: int
    app_id: AppId
    number: int
    why: str
    rows: Mapping[str, int]
    objects: Mapping[str, Stored]  # database, volume
    last: bool = False  # a destroy's: nothing else stays of the project
    left_out: str = ""  # why there are files, and not in it
    beside: str = ""  # where those are: the volume of the database of that name

    @property
    def within(self) -> str:
        """The folder of its objects in each part of the store."""
        return f"{self.app_id}/{self.number}"
