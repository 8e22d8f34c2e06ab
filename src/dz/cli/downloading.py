"""Bytes of the API into a file: whole and as they were stored, or not at all."""

from __future__ import annotations

import hashlib
import http.client
import os
from dataclasses import dataclass
from pathlib import Path

from dz.cli.client import Api, Unreachable, reason_of
from dz.errors import UserError

PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    file: Path
    size: int
    digest: str
    backup: int


def download(api: Api, name: str, backup: int | None, what: str, *, suffix: str, into: Path | None) -> Download:
    """``into`` None: a file of this folder, named after project and backup. Raises UserError where it is there."""
    with api.opened(f"/projects/{name}/download", backup=backup, what=what) as answer:
        number = int(answer.headers["Dz-Backup"])
        file = into or Path(f"{name}-{number}.{suffix}")
        try:
            size, digest = _whole(api, answer, file, name, number)
        except OSError as error:
            raise UserError("cli.unwritable", file=file, reason=error.strerror) from None
    return Download(file=file, size=size, digest=digest, backup=number)


def _whole(api: Api, answer: http.client.HTTPResponse, file: Path, name: str, number: int) -> tuple[int, str]:
    """Size and digest of the file, which is there once all of it is. Raises UserError, Unreachable, OSError."""
    if file.exists():
        raise UserError("data.file-there", file=file, name=name)
    coming = file.with_name(f"{file.name}.coming")
    try:
        size, digest = _written(api, answer, coming)
        if digest != answer.headers["Dz-Sha256"]:
            raise UserError("data.download-damaged", name=name, backup=number)
        coming.rename(file)
    finally:
        coming.unlink(missing_ok=True)
    return size, digest


def _written(api: Api, answer: http.client.HTTPResponse, coming: Path) -> tuple[int, str]:
    """Closed to others: it is somebody's data."""
    seen, size = hashlib.sha256(), 0
    with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        while True:
            try:
                piece = answer.read(PIECE)
            except (OSError, http.client.HTTPException) as error:
                raise Unreachable(api.server, reason_of(error)) from None
            if not piece:
                return size, seen.hexdigest()
            seen.update(piece)
            size += len(piece)
            out.write(piece)
