"""Settings of each role, read from the environment once, frozen; a missing value refuses to start.

The table in ``docs/environment.md`` is held equal to these fields by a test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from dz.names import InstanceId

# Heartbeats after which a host that was not heard is silent: new releases pass it over, pages and commands say so.
# A busy machine is late by one or two, and a release that is placed elsewhere leaves its uploads behind.
SILENT = 4
# And after which it is gone: what is still to be stopped there is left to its own reconcile, nobody knows how its
# processes are. That much later, since a worker that starts anew, or waits for its database, is back by then.
GONE = 12


class Common(BaseSettings):
    """What every process of the platform needs."""

    model_config = SettingsConfigDict(env_prefix="DZ_", frozen=True, extra="ignore", secrets_dir=None)

    home: Path = Field(description="The folder of this host's data, logs and sockets (DZ_HOME).")
    zoomdb_url: SecretStr = Field(description="postgres:// URL of zoomdb.")
    keys_file: Path = Field(description="A 0600 file with the Fernet keys of secrets at rest, newest first.")
    # Times, in seconds; tests make them short.
    lease: float = Field(default=15, description="How long a claimed step belongs to its worker unrenewed.")
    renew: float = Field(default=4, description="How often the worker renews it.")
    heartbeat: float = Field(default=5, description="How often a worker tells that its host lives.")
    ring_again: float = Field(default=10, description="First wait before a step that nobody claimed is rung again.")
    drain: float = Field(default=30, description="How long an old version may finish its requests.")
    reconcile_every: float = Field(default=300, description="How often every host compares itself with zoomdb.")
    backup_at: str = Field(
        default="03:00",
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$",
        description="When the nightly backups begin, in UTC; each project within two hours. Empty: none.",
    )
    kept_bundles: int = Field(default=5, ge=1, description="Bundles that stay for a rollback, beside the live one.")
    patience: float = Field(default=600, description="How long a step waits for a worker of its role to answer at all.")

    @property
    def silent_after(self) -> float:
        """Seconds unheard after which a host is silent."""
        return SILENT * self.heartbeat


class BrokerSettings(BaseSettings):
    """The broker, for the dispatcher and the workers."""

    model_config = SettingsConfigDict(env_prefix="DZ_", frozen=True, extra="ignore")

    broker_url: SecretStr = Field(description="amqp:// or redis+socket:// URL of the broker.")


class StoreSettings(Common):
    """Where bundles, backups and what people push are kept, for those that read or write there."""

    backup_store: str = Field(
        default="", description="Where backups go: file:///folder or s3://bucket/prefix; empty: in DZ_HOME."
    )
    push_folder: Path | None = Field(
        default=None, description="Where the repositories are that people push to (embedded only); empty: no pushes."
    )
    store_endpoint: str = Field(default="", description="The S3 endpoint, where it is not the provider's own.")
    store_region: str = Field(default="us-east-1", description="The S3 region.")
    store_key: str = Field(default="", description="The S3 access key.")
    store_secret: SecretStr = Field(default=SecretStr(""), description="The S3 secret key.")

    def store_options(self) -> dict[str, str]:
        """What a store needs beside its URL."""
        options = {
            "aws_endpoint": self.store_endpoint,
            "aws_region": self.store_region,
            "aws_access_key_id": self.store_key,
            "aws_secret_access_key": self.store_secret.get_secret_value(),
        }
        if self.store_endpoint.startswith("http://"):
            options["aws_allow_http"] = "true"
        return {name: value for name, value in options.items() if value}


class PanelSettings(StoreSettings):
    """The panel and API on usercontrol."""

    panel_url: str = Field(
        default="http://localhost:8800/", description="Where people reach the panel; sites share its scheme and port."
    )
    sites_domain: str = Field(default="localhost", description="A new project's hostname is its name under this.")
    api_token_file: Path | None = Field(
        default=None, description="The file with the API token of this machine's dz command; empty: token in DZ_HOME."
    )
    file_urls: bool = Field(default=False, description="Whether file:// repositories are taken (embedded only).")

    @property
    def token_file(self) -> Path:
        return self.api_token_file or self.home / "token"


class WorkerSettings(StoreSettings):
    """A worker of any role; the groups below matter to the role they name."""

    role: Literal["build", "appserver", "proxy", "database"] = Field(description="This worker's role.")
    instance_id: str = Field(description="This host's name in the network, like build-1.")
    address: str = Field(default="127.0.0.1", description="Where the other hosts reach this one.")
    sandbox: str = Field(default="", description="Forces a rung: full, user, uid or limits. Empty: the highest.")
    trusted_code: bool = Field(
        default=False, description="Whether projects' code is trusted: else the rungs uid and limits are refused."
    )
    bundle_store: str = Field(default="", description="file:///folder or s3://bucket/prefix; empty: in DZ_HOME.")
    public_scheme: Literal["http", "https"] = Field(default="http", description="How the world reaches the sites.")
    public_port: int = Field(default=8800, description="The port at which the world reaches the proxy.")
    uid_base: int = Field(
        default=500_000,
        description="Projects' Unix users are this plus their number (as root); of two platforms on one machine"
        " 100,000,000 apart.",
    )
    # build
    pythons: str = Field(default="", description="More interpreters, absolute paths joined by a colon.")
    file_urls: bool = Field(default=False, description="Whether file:// repositories are taken (embedded only).")
    # appserver
    ports: str = Field(default="21000-28999", description="The ports of deployments on this host, first-last.")
    supervisor_socket: str = Field(default="", description="supervisord's socket for the sites of this host.")
    supervisor_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    capacity: int = Field(default=100, description="Deployments this appserver takes at most.")
    sites_reach: str = Field(
        default="",
        pattern=r"^(\S+:[0-9]{1,5}( +|$))*$",
        description="Private services that sites may reach (a Redis, a mail server): host:port, joined by spaces.",
    )
    redis_server: str = Field(
        default="",
        description="The valkey-server or redis-server of projects' own; empty: the one on the PATH, if any.",
    )
    redis_memory: int = Field(default=64, ge=4, description="MB that a project's own Redis may keep.")
    psql: str = Field(default="", description="The psql that `manage.py dbshell` is given, if not one on its PATH.")
    answer: float = Field(default=120, description="How long a new release may take to its first healthy answer.")
    # proxy
    nginx: str = Field(default="", description="The nginx executable.")
    listen: str = Field(default="127.0.0.1:8800", description="Where this proxy's nginx listens.")
    panel_socket: str = Field(default="", description="The panel's socket: its names lead there, terminals meet there.")
    panel_name: str = Field(default="", description="The panel's name in the world, beside localhost.")
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks, joined by spaces, of what ends TLS before nginx: its X-Forwarded-For and"
        " -Proto are believed.",
    )
    panel_url: str = Field(default="", description="Where this host reaches the panel, if not by its socket.")
    panel_static: str = Field(default="", description="The folder of the panel's static files, which nginx serves.")
    push_socket: str = Field(default="", description="The socket of the service that takes pushes (embedded only).")
    # database
    postgres_url: SecretStr = Field(default=SecretStr(""), description="The provisioner's URL of the projects' server.")
    postgres_address: str = Field(default="", description="Where sites reach that server: socket folder or address.")
    postgres_port: int = Field(default=5432, description="Its port.")
    postgres_bin: str = Field(default="", description="The folder of pg_dump and pg_restore, as new as that server.")
    backups_nightly: int = Field(default=7, ge=1, description="Nightly backups that are kept of a project.")
    backups_asked: int = Field(default=10, ge=1, description="Other backups that are kept of a project.")
    backup_limit: int = Field(
        default=20_000, ge=1, description="MB that one dump may have packed, and one volume unpacked."
    )

    def checked_instance(self) -> InstanceId:
        return InstanceId(self.instance_id)
