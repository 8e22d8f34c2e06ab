"""Every database alias leads to the project's own PostgreSQL.

Aliases share one database, so routers between them would only hide tables from ``migrate``: they go, but for one that
allows what theirs may have allowed. Tenants' engines keep theirs, they route between schemas.
"""

import os
import sys
from urllib.parse import unquote, urlsplit

import django
from django.db.backends.signals import connection_created
from dz_guest import spec

KEPT = ("ATOMIC_REQUESTS", "AUTOCOMMIT", "TIME_ZONE", "TEST", "DISABLE_SERVER_SIDE_CURSORS", "CONN_MAX_AGE")
THEIR_SERVER = ("ssl", "service", "passfile", "host", "port", "user", "password", "dbname", "gssenc")


class OneDatabase(object):
    """The router of aliases that share one database."""

    def allow_relation(self, one, other, **hints):
        """Rows that were read by different aliases (a replica's, say) lie side by side."""
        return True


def databases(values):
    """``DATABASES`` and what hangs on it. Without ``DZ_DATABASE_URL`` (a build) nothing answers, and nothing should."""
    if django.VERSION < (3, 1):
        connection_created.connect(_with_any_driver)
    theirs = values.get("DATABASES") or {}
    aliases = ["default"] + [alias for alias in theirs if alias != "default"]
    changed = {"DATABASES": {alias: _database(theirs.get(alias) or {}) for alias in aliases}}
    tenants = any("tenant" in entry["ENGINE"] for entry in changed["DATABASES"].values())
    if len(aliases) > 1 and not tenants:
        changed["DATABASE_ROUTERS"] = [__name__ + "." + OneDatabase.__name__]
    return changed


def _with_any_driver(**event):
    """From 2.9 on psycopg2 tells an offset as a timedelta. These Djangos compare it to 0 and give no time back."""
    for name in ("postgresql", "postgresql_psycopg2"):
        base = sys.modules.get("django.db.backends." + name + ".base")
        if hasattr(base, "utc_tzinfo_factory"):
            base.utc_tzinfo_factory = _utc


def _utc(offset):
    from django.utils.timezone import utc

    if offset:
        raise AssertionError("database connection isn't set to UTC")
    return utc


def engine(theirs):
    """The PostgreSQL engine nearest to theirs: an extended one is kept, GIS stays GIS."""
    if theirs.startswith("django.contrib.gis."):
        return "django.contrib.gis.db.backends.postgis"
    plain = theirs.startswith("django.db.backends.")
    if not plain and ("postg" in theirs or "psql" in theirs):
        return theirs
    return "django.db.backends.postgresql" + ("" if django.VERSION >= (1, 9) else "_psycopg2")


def _database(theirs):
    if not hasattr(theirs, "get"):  # an address that nobody parsed; Django would refuse it
        theirs = {}
    ours = urlsplit(os.environ.get("DZ_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"))
    before = str(theirs.get("ENGINE") or "")
    entry = {key: theirs[key] for key in KEPT if key in theirs}
    entry.update(
        ENGINE=engine(before),
        NAME=unquote(ours.path.lstrip("/")),
        USER=unquote(ours.username or ""),
        PASSWORD=unquote(ours.password or ""),
        HOST=ours.hostname or os.environ.get("PGHOST", ""),
        PORT=str(ours.port or os.environ.get("PGPORT", "")),
    )
    if entry["ENGINE"] == before or "postg" in before:
        options = theirs.get("OPTIONS") or {}
        entry["OPTIONS"] = {key: options[key] for key in options if not key.startswith(THEIR_SERVER)}
    _keep_open(entry)
    return entry


def _keep_open(entry):
    """A connection outlives its request only where Django checks it first, and never under ASGI."""
    if spec.get("asgi") and not spec.get("wsgi"):
        entry["CONN_MAX_AGE"] = 0
    elif django.VERSION >= (4, 1) and not (entry.get("OPTIONS") or {}).get("pool"):
        entry["CONN_MAX_AGE"] = entry.get("CONN_MAX_AGE") or 60
        entry["CONN_HEALTH_CHECKS"] = True
