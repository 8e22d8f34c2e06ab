"""Passwords, keys and the command line's token: made once, 0600, never shown.

The keys of secrets at rest lie once per user that needs them (panel, database worker; root's workers read the panel's).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from dz.errors import PlatformError
from dz.local.layout import Layout
from dz.local.users import CORE, DATABASE, ROOT, file, folder
from dz.log import Secret

NAMES = ("zoomdb_superuser", "zoomdb", "postgres_superuser", "provisioner", "broker", "supervisor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    zoomdb_superuser: Secret
    zoomdb: Secret
    postgres_superuser: Secret
    provisioner: Secret
    broker: Secret
    supervisor: Secret


def passwords(layout: Layout) -> Passwords:
    """Raises FileNotFoundError where there is no platform yet, PlatformError where one is missing (``make``)."""
    known: dict[str, str] = json.loads(_file(layout).read_text())
    if missing := [name for name in NAMES if name not in known]:
        raise PlatformError(f"the platform has no password {missing[0]} yet")
    return Passwords(**{name: Secret(known[name]) for name in NAMES})


def make(layout: Layout) -> Passwords:
    """All secrets of this platform, whatever is missing made now."""
    folder(layout.secrets, ROOT, 0o711)
    known = json.loads(_file(layout).read_text()) if _file(layout).exists() else {}
    known = {name: known.get(name) or secrets.token_urlsafe(24) for name in NAMES}
    file(_file(layout), json.dumps(known, indent=1), ROOT)
    keys = core_keys(layout)
    text = keys.read_text() if keys.exists() else Fernet.generate_key().decode() + "\n"
    file(keys, text, CORE)
    file(database_keys(layout), text, DATABASE)
    file(layout.token, layout.token.read_text() if layout.token.exists() else secrets.token_urlsafe(32) + "\n", CORE)
    return passwords(layout)


def core_keys(layout: Layout) -> Path:
    return layout.secrets / "keys"


def database_keys(layout: Layout) -> Path:
    return layout.secrets / "keys-database"


def no_keys(layout: Layout) -> Path:
    """The proxy worker unseals nothing, so it is given nothing to do it with."""
    return layout.secrets / "keys-none"


def _file(layout: Layout) -> Path:
    return layout.secrets / "passwords.json"
