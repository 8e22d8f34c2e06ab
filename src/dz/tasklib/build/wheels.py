"""Wheels that a project's build scripts made, written anew member by member before uv unpacks them outside.

Promise: a kept wheel holds what was checked and nothing else. Sizes in a zip are claims, and uv writes a member out
whole before it compares; in the copy they are true, within the limit.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion

from dz.errors import UserError
from dz.tasklib.build.locked import Requirement

UNPACKED = 4 * 1024 * 1024 * 1024  # bytes that all wheels of a project may become


def keep(given: Mapping[str, Path], wanted: Collection[str], wheels: Path, *, python: str) -> list[Requirement]:
    """Copies in ``wheels`` of those of ``given`` that were asked for, as requirements with their hashes.

    Raises UserError if one is missing, is no zip, leads outside, or unpacks to too much.
    """
    missing, found, left = set(wanted), [], UNPACKED
    for name, path in given.items():
        try:
            distribution, version, *_ = parse_wheel_filename(name)
            if distribution not in missing:
                continue
            left -= _copy(path, wheels / name, left)
        except (InvalidWheelFilename, InvalidVersion, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            raise UserError("build.package-build-failed", package=name[:80], python=python) from None
        missing.remove(distribution)
        hashes = (_digest(wheels / name),)
        found.append(Requirement(name=canonicalize_name(distribution), version=str(version), hashes=hashes))
    if missing:
        raise UserError("build.package-build-failed", package=min(missing), python=python)
    return found


def _copy(given: Path, kept: Path, most: int) -> int:
    """How many bytes it unpacks to. zipfile reads no more of a member than it claims, and holds it to its checksum."""
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    opened = os.open(given, os.O_RDONLY | os.O_NOFOLLOW)  # it lies where the project writes
    with (
        os.fdopen(opened, "rb") as file,
        zipfile.ZipFile(file) as source,
        zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        members = source.infolist()
        size = sum(member.file_size for member in members)
        if size > most:
            raise UserError(
                "build.layer-too-big", kind="env", reason=f"{given.name[:80]} unpacks to {size / 1e9:.1f} GB"
            )
        for member in members:
            if member.filename.startswith("/") or ".." in member.filename.split("/"):
                raise zipfile.BadZipFile(f"{member.filename[:80]} leads outside")
            if member.flag_bits & 1:
                raise zipfile.BadZipFile("it is encrypted")
            same = zipfile.ZipInfo(member.filename, member.date_time)
            same.external_attr, same.compress_type = member.external_attr, zipfile.ZIP_DEFLATED
            same.file_size = member.file_size
            with source.open(member) as read, copy.open(same, "w") as write:
                shutil.copyfileobj(read, write)
    return size


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
