"""Secrets at rest: encrypted with the keys of one 0600 file, newest first, and bound to their place.

Project and name are inside the ciphertext, so that a value moved to another row is refused. Keys rotate by putting a
new one on the file's first line: old values stay readable.

The library is loaded with the first secret: the dispatcher and the proxy's worker hold none (1 MB each).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dz.errors import PlatformError
from dz.log import Secret

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Name(StrEnum):
    """What is sealed of a project; one that changes here can't be read any more."""

    DEPLOY_KEY = "deploy_key"
    SECRET_KEY = "secret_key"
    DATABASE_PASSWORD = "database_password"
    REDIS_PASSWORD = "redis_password"
    VARIABLES = "variables"  # a whole config
    TERMINAL = "terminal"  # a step's ticket to dz2.terminals; never stored


def seal(app_id: str, name: Name, value: str) -> bytes:
    """``value`` encrypted for this name of this project."""
    return _keys().encrypt(json.dumps([app_id, name, value]).encode())


def unseal(app_id: str, name: Name, blob: bytes | memoryview) -> Secret:
    """The value. Raises PlatformError if no key fits or if it was sealed for another place."""
    from cryptography.fernet import InvalidToken

    try:
        sealed_for, sealed_as, value = json.loads(_keys().decrypt(bytes(blob)))
    except InvalidToken:
        raise PlatformError(f"no key of DZ_KEYS_FILE decrypts {name} of {app_id}") from None
    if (sealed_for, sealed_as) != (app_id, name):
        raise PlatformError(f"the value stored as {name} of {app_id} was sealed for another place")
    return Secret(value)


def seal_variables(app_id: str, variables: Mapping[str, str]) -> bytes:
    """A config's variables as one blob."""
    return seal(app_id, Name.VARIABLES, json.dumps(dict(variables), sort_keys=True))


def unseal_variables(app_id: str, blob: bytes | memoryview) -> dict[str, Secret]:
    """What ``seal_variables`` closed, by name."""
    return {name: Secret(value) for name, value in json.loads(unseal(app_id, Name.VARIABLES, blob).reveal()).items()}


def _keys() -> MultiFernet:
    path = os.environ.get("DZ_KEYS_FILE", "")
    if not path:
        raise PlatformError("DZ_KEYS_FILE is not set")
    return _read(path, Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: str, _changed: int) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key) for key in Path(path).read_bytes().split()])
