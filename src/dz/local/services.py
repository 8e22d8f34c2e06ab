"""The services of the embedded platform: what each runs, as whom, with which environment and no more.

A table, not a mechanism: ``dz.local.supervising`` starts it. The four workers run the very command lines of a host of
their role. Build and appserver workers share DZ_HOME; the proxy's and the database's are users of their own with a
DZ_HOME of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dz.local import keys
from dz.local.bring import Runtime
from dz.local.broker import broker_service
from dz.local.layout import Layout
from dz.local.providers import Found, executable
from dz.local.service import Service
from dz.local.state import State
from dz.local.users import CORE, DATABASE, POSTGRES, PROXY, PUSH, ROOT, config, folder
from dz.settings import Common
from dz.terminal import PIECE

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What an operator may set for every process of the platform: times, and what tests need.
TIMES = tuple(f"DZ_{name.upper()}" for name in Common.model_fields if name not in ("home", "zoomdb_url", "keys_file"))
# glibc gives back what is free, and does not keep a heap for each thread: a worker rests most of its time. Limits below
# the buffers that are used all the time would make each one a call to the kernel: packing took eight times as long.
MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": str(4 * 1024**2),
    "MALLOC_MMAP_THRESHOLD_": str(4 * 1024**2),
}
PASSED = (
    *TIMES,
    "DZ_TESTING",
    "DZ_FAULT",
    "DZ_RELEASE_HEADER",
    "LANG",
    "LC_ALL",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
OURS = "localhost,127.0.0.1"  # the panel's names on this machine
# And for those that build and run projects: package indexes, proxies, interpreters, the sandbox.
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
OF_THE_HOST = (
    "DZ_ANSWER",
    "DZ_SANDBOX",
    "DZ_BWRAP",
    "DZ_PYTHONS",
    "DZ_BUNDLE_STORE",
    "DZ_UID_BASE",
    "DZ_PORTS",
    "DZ_CAPACITY",
    "DZ_SITES_REACH",
)
# The bundle store on S3, for whoever reaches it.
STORE = ("DZ_STORE_ENDPOINT", "DZ_STORE_REGION", "DZ_STORE_KEY", "DZ_STORE_SECRET")
BACKUPS = ("DZ_BACKUPS_NIGHTLY", "DZ_BACKUPS_ASKED", "DZ_BACKUP_LIMIT")
BUILD_PASSED = ("HOME", "PATH", "PYENV_ROOT", "XDG_CONFIG_HOME", "XDG_DATA_HOME", *PROXIES, *OF_THE_HOST, *STORE)
BUILD_PREFIXES = ("PIP_", "UV_", "AWS_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that the table is made from."""

    layout: Layout
    state: State
    passwords: keys.Passwords
    postgres: Found
    nginx: Found
    broker: Found | None
    redis: Path | None  # the server of projects' own, where there is one
    runtime: Runtime  # of root
    shared: Runtime  # of the other users
    given: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @property
    def zoomdb_url(self) -> str:
        return f"postgres://dz:{self.passwords.zoomdb.reveal()}@/zoomdb?host={self.layout.core_sockets}&port=5432"

    @property
    def provisioner_url(self) -> str:
        password, sockets = self.passwords.provisioner.reveal(), self.layout.postgres_sockets
        return f"postgres://dz_provisioner:{password}@/postgres?host={sockets}&port=5432"

    def superuser_url(self, which: str) -> str:
        """``zoomdb`` or ``postgres``."""
        password = getattr(self.passwords, f"{which}_superuser").reveal()
        sockets = self.layout.core_sockets if which == "zoomdb" else self.layout.postgres_sockets
        return f"postgres://dzsuper:{password}@/postgres?host={sockets}&port=5432"

    @property
    def backup_env(self) -> dict[str, str]:
        """Where backups are kept, for those that write, read or clear them: on S3 where the bundles are."""
        bundles = self.given.get("DZ_BUNDLE_STORE", "")
        beside = f"{bundles.rstrip('/')}/backups" if bundles.startswith("s3:") else f"file://{self.layout.backups}"
        passed = {name: self.given[name] for name in (*STORE, *BACKUPS) if name in self.given}
        return passed | {"DZ_BACKUP_STORE": self.given.get("DZ_BACKUP_STORE") or beside}

    @property
    def push_env(self) -> dict[str, str]:
        """Where pushed repositories are, for the panel, which names them, and the builder, which takes them away."""
        return {"DZ_PUSH_FOLDER": str(self.layout.push_folder)}

    @property
    def broker_url(self) -> str:
        if self.given.get("DZ_BROKER_URL"):
            return self.given["DZ_BROKER_URL"]
        password = self.passwords.broker.reveal()
        if self.state.broker == "rabbitmq":
            return f"amqp://dz:{password}@127.0.0.1:{self.state.broker_ports[0]}//"
        return f"redis+socket://:{password}@{self.layout.broker_socket}"

    def common(self, runtime: Runtime, home: Path, keys_file: Path) -> dict[str, str]:
        """What every process of the platform needs."""
        return {
            "PATH": SYSTEM_PATH,
            "PYTHONUNBUFFERED": "1",
            **MEMORY,
            "DJANGO_SETTINGS_MODULE": "dz2.settings",
            **{name: self.given[name] for name in PASSED if name in self.given},
            **runtime.env,
            "DZ_HOME": str(home),
            "DZ_ZOOMDB_URL": self.zoomdb_url,
            "DZ_KEYS_FILE": str(keys_file),
        }

    def panel_env(self) -> dict[str, str]:
        return self.common(self.shared, self.layout.home, keys.core_keys(self.layout)) | {
            "DZ_PANEL_URL": self.state.url,
            "DZ_SITES_DOMAIN": self.state.domain,
            **(
                {"DZ_PANEL_HOSTS": f"{OURS},{self.state.host},{self.state.panel_name}"} if self.state.panel_name else {}
            ),
            "DZ_API_TOKEN_FILE": str(self.layout.token),
            "DZ_FILE_URLS": "1",
            **self.push_env,
            **self.backup_env,
        }

    def dispatcher_env(self) -> dict[str, str]:
        return self.common(self.shared, self.layout.home, keys.core_keys(self.layout)) | {
            "DZ_ROLE": "usercontrol",
            "DZ_BROKER_URL": self.broker_url,
            "PGAPPNAME": "dz-dispatcher",
        }

    def worker_env(self, role: str, runtime: Runtime, home: Path, keys_file: Path) -> dict[str, str]:
        return self.common(runtime, home, keys_file) | {
            "DZ_ROLE": role,
            "DZ_INSTANCE_ID": INSTANCES[role],
            "DZ_BROKER_URL": self.broker_url,
            "DZ_PUBLIC_SCHEME": self.state.scheme,
            "DZ_PUBLIC_PORT": str(self.state.reached),
            "DZ_FILE_URLS": "1",
        }

    def builder_env(self, role: str) -> dict[str, str]:
        """Of the two that run projects' code; on a machine with everything on it that is its owner's to trust."""
        passed = {n: v for n, v in self.given.items() if n in BUILD_PASSED or n.startswith(BUILD_PREFIXES)}
        home, keys_file = self.layout.home, keys.core_keys(self.layout)
        env = passed | self.worker_env(role, self.runtime, home, keys_file)
        return env | self.backup_env | self.push_env | {"PATH": passed.get("PATH", SYSTEM_PATH), "DZ_TRUSTED_CODE": "1"}


INSTANCES = {"build": "build-1", "appserver": "app-1", "proxy": "proxy-1", "database": "db-1"}


def servers(plan: Plan) -> Iterator[Service]:
    """What the rest stands on, first."""
    yield _postgres(plan, "postgres-zoomdb", CORE, plan.layout.core_sockets, connections=100, buffers="8MB")
    yield _postgres(plan, "postgres-projects", POSTGRES, plan.layout.postgres_sockets, connections=300, buffers="16MB")
    if plan.broker is not None:
        yield broker_service(plan.layout, plan.state, plan.passwords.broker, plan.broker)


def ours(plan: Plan) -> Iterator[Service]:
    """What runs our own code, once zoomdb is migrated; nginx last, when the panel answers behind it."""
    layout, python = plan.layout, str(plan.shared.python)
    panel = [python, "-m", "uvicorn", "dz2.asgi:application", "--uds", str(layout.panel_socket)]
    panel += ["--proxy-headers", "--forwarded-allow-ips", "*", "--no-access-log", "--log-level", "warning"]
    panel += ["--timeout-graceful-shutdown", "3", "--ws-max-size", str(2 * PIECE)]
    yield Service(name="panel", argv=tuple(panel), env=plan.panel_env(), user=CORE)
    dispatch = (python, "-m", "dz.tasks.dispatch")
    yield Service(name="dispatcher", argv=dispatch, env=plan.dispatcher_env(), user=CORE)
    yield from _workers(plan)
    yield Service(name="push", argv=(python, "-m", "dz.push"), env=_push_env(plan), user=PUSH, umask=0o077)
    lay = (python, "-m", "dz.local.nginx")
    yield Service(
        name="nginx", argv=lay, env=_proxy_env(plan), user=PROXY, death_signal="TERM", low_port=plan.state.port < 1024
    )


# Sites listen on another loopback address than the panel's name leads to: browsers send cookies to every port of one
# host, so a project that lured its administrator to http://localhost:<its port>/ would be handed the panel's session.
SITES = "127.1.0.1"


def _workers(plan: Plan) -> Iterator[Service]:
    supervisor = {
        "DZ_ADDRESS": SITES,
        "DZ_SUPERVISOR_SOCKET": str(plan.layout.supervisor_socket),
        "DZ_SUPERVISOR_PASSWORD": plan.passwords.supervisor.reveal(),
        "DZ_PANEL_SOCKET": str(plan.layout.panel_socket),
        "DZ_REDIS_SERVER": str(plan.redis or ""),
        "DZ_PSQL": str(plan.postgres.bin / "psql"),
    }
    yield _worker(plan.runtime, "build", plan.builder_env("build"), ROOT)
    yield _worker(plan.runtime, "appserver", plan.builder_env("appserver") | supervisor, ROOT)
    yield _worker(plan.shared, "proxy", _proxy_env(plan), PROXY)
    yield _worker(plan.shared, "database", _database_env(plan), DATABASE)


def _worker(runtime: Runtime, role: str, env: dict[str, str], user: str) -> Service:
    queues = role if role != "appserver" else f"all_appservers,appserver_{INSTANCES[role]}"
    argv = [str(runtime.python), "-m", "dz.tasks.celery", "-A", "dz.tasks", "worker", "-Q", queues]
    argv += ["--without-gossip", "--without-mingle", "-n", f"{INSTANCES[role]}@djangozoom"]
    return Service(name=f"worker-{role}", argv=tuple(argv), env=env, user=user)


def _proxy_env(plan: Plan) -> dict[str, str]:
    layout = plan.layout
    store = {name: plan.given[name] for name in STORE if name in plan.given}
    return plan.worker_env("proxy", plan.shared, layout.proxy_home, keys.no_keys(layout)) | {
        **store,
        "DZ_BUNDLE_STORE": plan.given.get("DZ_BUNDLE_STORE") or f"file://{layout.store}",
        "DZ_NGINX": str(executable(plan.nginx, "nginx")),
        "DZ_LISTEN": plan.state.listen,
        "DZ_PANEL_SOCKET": str(layout.panel_socket),
        "DZ_PANEL_STATIC": str(layout.panel_static),
        "DZ_PUSH_SOCKET": str(layout.push_socket),
        "DZ_PANEL_NAME": plan.state.panel_name,
        "DZ_TRUSTED_PROXIES": plan.state.proxies,
    }


def _push_env(plan: Plan) -> dict[str, str]:
    """No secret is in it: the service asks the API as whoever pushes, by the way that everybody has."""
    limit = {name: plan.given[name] for name in ("DZ_PUSH_LIMIT",) if name in plan.given}
    return limit | {
        "PATH": SYSTEM_PATH,
        "PYTHONUNBUFFERED": "1",
        **MEMORY,
        **plan.shared.env,
        "DZ_PUSH_SOCKET": str(plan.layout.push_socket),
        "DZ_PUSH_FOLDER": str(plan.layout.push_folder),
        "DZ_PUSH_PANEL": plan.state.probe_url,
    }


def _database_env(plan: Plan) -> dict[str, str]:
    layout = plan.layout
    return plan.worker_env("database", plan.shared, layout.database_home, keys.database_keys(layout)) | {
        **plan.backup_env,
        "DZ_POSTGRES_BIN": str(plan.postgres.bin),
        "DZ_POSTGRES_URL": plan.provisioner_url,
        "DZ_POSTGRES_ADDRESS": str(layout.postgres_sockets),
        "DZ_POSTGRES_PORT": "5432",
    }


LOCKS = 64 * 100  # of a plain PostgreSQL: so many for each of its connections


def _postgres(plan: Plan, name: str, user: str, sockets: Path, *, connections: int, buffers: str) -> Service:
    """Reached by its socket alone: no port of this machine leads to it. What was once in ``buffers`` stays there; the
    kernel keeps the rest in memory as long as there is room, and gives it back."""
    own = folder(plan.layout.folder(name), user, 0o700)
    settings = {
        "unix_socket_directories": f"'{sockets}'",
        "listen_addresses": "''",
        "port": "5432",
        "max_connections": str(connections),
        "shared_buffers": buffers,
        # One pool for all, half of it made at the start.
        "max_locks_per_transaction": str(-(-LOCKS // connections)),
        "max_pred_locks_per_transaction": "16",  # the same; by default 4 MB more
        "max_logical_replication_workers": "0",  # nobody replicates, and who would begin it is a process, too
        "timezone": "UTC",
        "log_timezone": "UTC",
        "default_text_search_config": "'pg_catalog.english'",
    }
    text = "".join(f"{key} = {value}\n" for key, value in settings.items())
    file = config(own, "postgresql", ".conf", text, user)
    argv = (str(plan.postgres.bin / "postgres"), "-D", str(own / "data"), "-c", f"config_file={file}")
    env = {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8"}
    return Service(name=name, argv=argv, env=env, user=user, death_signal="INT", umask=0o077)
