"""Where backups are kept: dumps of databases and archives of volumes, in a folder or on any S3 endpoint.

An object is written in pieces and appears whole or not at all; what is read back is held to the sha256 that its
backup's row has. Whether a backup is good is that row's to say: what lies here without one is worth nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from dz.errors import PlatformError
from dz.settings import StoreSettings
from dz.tasklib.bundles import PIECE, opened, told
from dz.tasklib.records import Stored

MB = 1_000_000
PART = 8 * 1024 * 1024  # S3 takes no smaller parts than 5 MiB
SPARED = 500 * MB  # of a store's disk, for whatever else is there
FULL = 16 * MB  # with less than this left on a store's disk, it is the disk that refused


class Sink:
    """Takes the bytes of one object, ``most`` at most. ``stored``: once all of it is in the store. ``folder``: of the
    store, where its disk can be asked how much is free."""

    stored: Stored

    def __init__(self, store: Any, name: str, most: int, folder: str) -> None:
        self._writer = obstore.open_writer(store, name, buffer_size=PART)
        self._most, self._folder = most, folder
        self._seen = hashlib.sha256()
        self._name, self._size = name, 0

    def __call__(self, piece: bytes) -> None:
        if self._folder and (self._size + len(piece)) // PART > self._size // PART:
            self._see_room()
        self._size += len(piece)
        if self._size > self._most:
            raise PlatformError(f"it is larger than {self._most // MB} MB", id="data.too-big")
        self._seen.update(piece)
        self._writer.write(piece)

    def _see_room(self) -> None:
        """Before it is full: zoomdb and the projects' databases may be on that disk, and would stand still with it."""
        if shutil.disk_usage(self._folder).free < SPARED:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> Stored:
        self._writer.close()
        return Stored(name=self._name, digest=self._seen.hexdigest(), size=self._size)


class BackupStore:
    """One kind's part of the store: ``database`` or ``volume``. Each is written by one role's user alone."""

    def __init__(self, settings: StoreSettings, kind: str) -> None:
        url = settings.backup_store or f"file://{settings.home}/backups"
        self._url = f"{url.rstrip('/')}/{kind}"
        self._store = opened(self._url, settings.store_options())

    @contextmanager
    def writing(self, name: str, *, most: int) -> Iterator[Sink]:
        """The object is there, and ``stored`` is set, only if nothing is raised in the block. A folder is one step's:
        what an attempt before this had begun there was killed with it."""
        within = name.rpartition("/")[0]
        try:
            self._drop_begun(within)
            sink = Sink(self._store, name, most, self._folder)
            yield sink
            stored = sink.close()
            if int(obstore.head(self._store, name)["size"]) != stored.size:
                raise PlatformError(f"{name} is not whole in the store", id="data.damaged")
            sink.stored = stored
        except (BaseError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # whoever fills the sink met it; a writer's own has no number
            raise self._told(error) from error
        finally:
            self._drop_begun(within)

    def fetch(self, stored: Stored, into: Path) -> None:
        """Write the object to ``into``. Raises PlatformError if it is gone, or not what its row says."""
        seen = hashlib.sha256()
        into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                for piece in obstore.get(self._store, stored.name).stream(min_chunk_size=PIECE):
                    data = bytes(piece)
                    seen.update(data)
                    out.write(data)
        except FileNotFoundError as error:
            raise PlatformError(f"{stored.name} is not in the store any more", id="data.damaged") from error
        except BaseError as error:
            raise told(error) from error
        if seen.hexdigest() != stored.digest:
            into.unlink()
            raise PlatformError(f"{stored.name} is not what was written", id="data.damaged")

    async def pieces(self, stored: Stored) -> AsyncIterator[bytes]:
        """The object as it lies there. Whoever takes it holds it to its digest."""
        answer = await obstore.get_async(self._store, stored.name)
        async for piece in answer.stream(min_chunk_size=PIECE):
            yield bytes(piece)

    def delete(self, within: str) -> None:
        """Every object whose name begins with this folder, and what was only begun there; harmless when there is
        none."""
        try:
            self._drop_begun(within)
            for page in obstore.list(self._store, prefix=within):
                for found in page:
                    obstore.delete(self._store, found["path"])
        except FileNotFoundError:
            return
        except BaseError as error:
            raise told(error) from error

    def _drop_begun(self, within: str) -> None:
        """What a writer that was killed left in a folder's file system, as large as the dump had come: obstore writes
        beside, under a name with ``#``, and lists no such name."""
        if self._folder:
            for begun in Path(self._folder, within).glob("*#*"):
                begun.unlink(missing_ok=True)

    @property
    def _folder(self) -> str:
        """Of a store that is one, else ""."""
        return urlsplit(self._url).path if isinstance(self._store, LocalStore) else ""

    def _told(self, error: Exception) -> Exception:
        """A store that refuses while its disk is full has one reason."""
        if self._folder and shutil.disk_usage(self._folder).free < FULL:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return told(error)
