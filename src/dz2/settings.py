"""Django's settings, for the panel and, slim, for workers: values from the environment, never defaults for secrets.

A process with ``DZ_ROLE`` (a worker, the dispatcher) loads the models alone: the panel's applications cost 20 MB more.
Importing this module asks for nothing, so that tools can; without ``DZ_ZOOMDB_URL`` the first use of the database
raises Django's ImproperlyConfigured.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from dz.settings import GONE, Common

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

ENVIRONMENT = os.environ
SLIM = bool(ENVIRONMENT.get("DZ_ROLE"))


def refuse_waiting(pool: ConnectionPool[Any]) -> None:
    """Who waits for a connection hears at once that none can be made; the pool, which tries again only for the next who
    asks, would let them wait until ``timeout``. That is meant for who waits until another one's comes back, as where
    zoomdb only takes no more of them."""
    with pool._lock:
        others = pool._nconns  # at work, idle, or still being made
        waiting = [] if others else [pool._waiting.popleft() for _ in range(len(pool._waiting))]
    for one in waiting:
        one.fail(psycopg.OperationalError("zoomdb does not answer"))


# Of the panel, which answers each request in a thread of its own: a connection made for one request was two thirds of
# what the request cost. None is open while nobody asks; seconds.
POOL: dict[str, Any] = {"min_size": 0, "max_size": 20, "max_idle": 15, "timeout": 5}
POOL |= {"reconnect_timeout": 0, "reconnect_failed": refuse_waiting}


def databases(url: str) -> dict[str, Any]:
    """Django's DATABASES for a postgres:// URL; none for an empty one."""
    if not url:
        return {}
    parts = conninfo_to_dict(url)
    names = {"user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT", "dbname": "NAME"}
    default: dict[str, Any] = {django: str(parts.pop(libpq, "")) for libpq, django in names.items()}
    # A host that vanished must not hold a worker for the kernel's quarter of an hour.
    options = {"connect_timeout": 5, "tcp_user_timeout": 10_000, **parts} | ({} if SLIM else {"pool": POOL})
    return {
        "default": default
        | {
            "ENGINE": "django.db.backends.postgresql",
            "CONN_MAX_AGE": None if SLIM else 0,  # a pool's go back to it
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    }


def _secret_key() -> str:
    """Made from the newest key of secrets at rest, so that there is one file to keep; else good for one process."""
    file = ENVIRONMENT.get("DZ_KEYS_FILE", "")
    if SLIM or not file or not Path(file).exists():
        return secrets.token_urlsafe(50)
    newest = Path(file).read_bytes().split()[0]
    return hashlib.blake2b(newest, person=b"django secret").hexdigest()


# Seconds unheard after which a host is gone: it is not waited for any more.
DZ_GONE = GONE * float(ENVIRONMENT.get("DZ_HEARTBEAT") or Common.model_fields["heartbeat"].default)
# Bundles that were live and stay in the store and on hosts, for a rollback.
DZ_KEPT_BUNDLES = max(1, int(ENVIRONMENT.get("DZ_KEPT_BUNDLES") or Common.model_fields["kept_bundles"].default))
DATABASES = databases(ENVIRONMENT.get("DZ_ZOOMDB_URL", ""))
SECRET_KEY = _secret_key()
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "dz2"]

if not SLIM:
    from dz2.panel_settings import *  # noqa: F403

    INSTALLED_APPS += PANEL_APPS  # noqa: F405
