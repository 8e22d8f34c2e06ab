"""The bundle store: packed layers by their digest, in a folder or on any S3 endpoint, through obstore.

obstore works in threads of its own, begun by its first use. A process that is forked after that has none of them, and
would wait for ever for what they do: so whoever opens a store there is told instead (``tasks/aside.py`` forks).

What is there is never written again (``mode="create"``) and never trusted when it comes back: its sha256 is its name.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from dz.errors import PlatformError, Transient
from dz.names import Digest
from dz.tasklib.records import Layer

PIECE = 4 * 1024 * 1024
_STORED = re.compile(r"/([0-9a-f]{64})\.tar\.zst$")
_used_by: set[int] = set()  # the process that opened a store; a fork of it inherits the number


def opened(url: str, options: Mapping[str, str] | None = None) -> LocalStore | S3Store:
    """``file:///folder``, made if missing, or ``s3://bucket/prefix``. Raises PlatformError in a fork of a process that
    opened one."""
    _used_by.add(os.getpid())
    if len(_used_by) > 1:
        raise PlatformError("the store was used before this process was forked, and would never answer in it")
    parts = urlsplit(url)
    if parts.scheme == "file":
        Path(parts.path).mkdir(parents=True, exist_ok=True, mode=0o700)
        return LocalStore(parts.path, automatic_cleanup=True)
    if parts.scheme == "s3":
        prefix = parts.path.strip("/") or None
        return S3Store(parts.netloc, prefix=prefix, config=dict(options or {}))  # type: ignore[arg-type]
    raise PlatformError(f"the store is neither file:// nor s3://: {url}")


class Store:
    """``url``: ``file:///folder`` or ``s3://bucket/prefix``; ``options``: endpoint, region and keys for S3.

    ``within``: whose bundles, so that equal bytes of two projects are two objects, and each goes with its own project.
    """

    def __init__(self, url: str, options: Mapping[str, str] | None = None, *, within: str = "") -> None:
        self.url = url
        self._within = f"{within}/" if within else ""
        self._options = options

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        """Opened by its first use: who finds all layers on its disk may be a fork."""
        return opened(self.url, self._options)

    def _name(self, digest: Digest) -> str:
        return f"{self._within}{digest[:2]}/{digest}.tar.zst"

    def put(self, packed: Path, digest: Digest) -> None:
        """Store a packed layer under its digest, on the disk when this returns; one that is there is left as it is,
        unless its length is wrong. ``packed`` is on the disk, and nobody writes to it any more."""
        try:
            if not self._linked(packed, digest):
                self._copied(packed, digest)
            self._settle(digest)
        except (BaseError, OSError) as error:
            raise told(error) from error

    def _linked(self, packed: Path, digest: Digest) -> bool:
        """A second name for the same file, where the store is a folder of the same disk and has none of that name."""
        if not isinstance(self._store, LocalStore):
            return False
        stored = self._file(digest)
        try:
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.hardlink_to(packed)
        except OSError:
            return False
        return True

    def _copied(self, packed: Path, digest: Digest) -> None:
        try:
            obstore.put(self._store, self._name(digest), packed, mode="create")
        except AlreadyExistsError:
            if self._size(digest) != packed.stat().st_size:
                self.delete(digest)
                self.put(packed, digest)

    def _settle(self, digest: Digest) -> None:
        """A folder's file by itself: LocalStore leaves that to the system, and after a power cut it is all we have. One
        that was there, too: who made it may have ended before this."""
        if isinstance(self._store, LocalStore):
            stored = self._file(digest)
            for one in (stored, stored.parent):
                _fsync(one)

    def _file(self, digest: Digest) -> Path:
        """Of a store that is a folder."""
        return Path(urlsplit(self.url).path, self._name(digest))

    def has(self, digest: Digest) -> bool:
        return self._size(digest) is not None

    def _size(self, digest: Digest) -> int | None:
        try:
            return int(obstore.head(self._store, self._name(digest))["size"])
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise told(error) from error

    def fetch(self, layer: Layer, into: Path) -> None:
        """Write the packed layer to ``into``, to be read now and then deleted. Raises PlatformError if its bytes are
        not what its name says."""
        seen = hashlib.sha256()
        try:
            with into.open("wb") as out:
                for piece in obstore.get(self._store, self._name(layer.digest)).stream(min_chunk_size=PIECE):
                    data = bytes(piece)
                    seen.update(data)
                    out.write(data)
        except FileNotFoundError as error:
            raise PlatformError(f"the bundle store has no {layer.kind} layer {layer.digest[:12]}") from error
        except BaseError as error:
            raise told(error) from error
        if seen.hexdigest() != layer.digest:
            into.unlink()
            raise PlatformError(f"the {layer.kind} layer {layer.digest[:12]} is damaged in the bundle store")

    def digests(self) -> frozenset[Digest]:
        """Of all that is there."""
        try:
            paths = [one["path"] for page in obstore.list(self._store, self._within or None) for one in page]
        except (BaseError, OSError) as error:
            raise told(error) from error
        return frozenset(Digest(found[1]) for path in paths if (found := _STORED.search(path)))

    def delete(self, digest: Digest) -> None:
        """Harmless when it is gone."""
        try:
            obstore.delete(self._store, self._name(digest))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise told(error) from error

    def drop_begun(self, older: float) -> int:
        """Of a folder what a put that was killed left more than ``older`` seconds ago, as large as it had come: obstore
        writes beside, under a name with ``#``, and lists no such name. How many files went. On S3 that is the
        bucket's own to clear away (AbortIncompleteMultipartUpload)."""
        parts, gone = urlsplit(self.url), 0
        for begun in Path(parts.path, self._within).glob("*/*#*") if parts.scheme == "file" else ():
            with suppress(FileNotFoundError):
                if begun.stat().st_mtime <= time.time() - older:
                    begun.unlink()
                    gone += 1
        return gone


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def told(error: Exception) -> PlatformError:
    """A refused key stays refused; anything else may pass."""
    kind = type(error).__name__
    if kind in ("UnauthenticatedError", "PermissionDeniedError", "InvalidPathError", "NotSupportedError"):
        return PlatformError(f"the bundle store refuses us ({kind}): look at its keys", id="store.refused")
    return Transient(f"the bundle store does not answer as it should ({kind})", id="store.unreachable")
