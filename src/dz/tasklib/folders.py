"""Where things lie under DZ_HOME, on every role's host. The same names everywhere, made from their inputs."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from dz.names import AppId
from dz.run import check
from dz.tasklib.records import Layer


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one host."""

    home: Path

    def build(self, app_id: AppId) -> Path:
        """A project's checkouts, wheels and packed layers on a build host."""
        return self.home / "build" / app_id

    def checkout(self, app_id: AppId, commit: str) -> Path:
        return self.build(app_id) / "src" / commit[:16]

    def packed(self, app_id: AppId, layer: Layer) -> Path:
        return self.build(app_id) / "out" / f"{layer.digest}.tar.zst"

    def layer(self, app_id: AppId, kind: str, key: str) -> Path:
        """An extracted, read-only layer; the env layer is the virtualenv, so it lies here on every host."""
        return self.home / "layers" / app_id / f"{kind}-{key[:24]}"

    def code(self, app_id: AppId, key: str) -> Path:
        """The packed app layer on an appserver, of which each release and each command gets its code."""
        return self.home / "layers" / app_id / f"app-{key[:24]}.tar.zst"

    def layers(self, app_id: AppId) -> Path:
        return self.home / "layers" / app_id

    def release(self, app_id: AppId, number: int) -> Path:
        """What one release's processes on an appserver may write beside, and their logs."""
        return self.home / "run" / app_id / str(number)

    def runs(self, app_id: AppId) -> Path:
        return self.home / "run" / app_id

    def volume(self, app_id: AppId, database: str = "") -> Path:
        """Where the files beside the database of that name are."""
        named = self.named_volume(app_id, database)
        return named.parent / named.readlink() if named.is_symlink() else named

    def named_volume(self, app_id: AppId, database: str) -> Path:
        """What a restore brought back is a volume of its own, ``p00000042.r7``; where a backup had no files it is a
        link to the volume that stays in use. Only we make names in this folder."""
        suffix = database.removeprefix(app_id).replace("_", ".", 1)
        return self.home / "volumes" / f"{app_id}{suffix}"

    def redis(self, app_id: AppId) -> Path:
        """The data of its own Redis: beside its volumes, so that no backup packs it. It is none of them: it goes when
        the project goes, and not with what a restore leaves behind."""
        return self.home / "volumes" / f"{app_id}.redis"

    def volumes(self, app_id: AppId) -> list[Path]:
        """Those of its files on this host, in use and of before."""
        redis = self.redis(app_id).name
        return [one for one in self.all_volumes(app_id) if not one.name.startswith(redis)]

    def all_volumes(self, app_id: AppId) -> list[Path]:
        """All that the project writes and keeps on this host, its Redis's data among it."""
        return sorted((self.home / "volumes").glob(f"{app_id}*"))

    def static(self, app_id: AppId, key: str) -> Path:
        return self.home / "static" / app_id / key[:24]

    def statics(self, app_id: AppId) -> Path:
        return self.home / "static" / app_id

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    def lock(self, app_id: AppId) -> Path:
        """One change at a time of a project's processes on this host."""
        return self.home / "locks" / app_id

    def build_lock(self, app_id: AppId) -> Path:
        """One build or proof at a time of a project on this host. Taken before ``layers_lock``."""
        return self.home / "locks" / f"{app_id}.build"

    def layers_lock(self, app_id: AppId) -> Path:
        """Held while layers are made or used before a row names them, so that nothing takes them for old ones."""
        return self.home / "locks" / f"{app_id}.layers"


def theirs(path: Path, most: int) -> bytes:
    """The first bytes of a file where a project writes; none of what is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:  # a folder can be opened, too, and is left open by who makes a file of it in vain
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def clear(folder: Path) -> None:
    """Delete a folder of ours or of a project, however deep it is; links are deleted, never followed."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        try:
            shutil.rmtree(folder, ignore_errors=False)
        except (RecursionError, OSError) as error:
            if isinstance(error, OSError) and error.errno != errno.EMFILE:
                raise
            check(["rm", "-rf", "--one-file-system", "--", folder], deadline=600)


def passable(folder: Path) -> None:
    """A project's folder of one kind, made if missing: it and the kind's own can be passed by every uid, not listed."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in (folder, folder.parent):
        one.chmod(0o711)


def fresh(folder: Path, mode: int = 0o755) -> Path:
    """The folder, empty."""
    clear(folder)
    folder.mkdir(parents=True, mode=mode)
    folder.chmod(mode)
    return folder


def keep_text(file: Path, text: str) -> None:
    """Written beside and put in its place: nobody reads half of it. Its folder, ours alone, is made if missing."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    coming = file.with_name(f"{file.name}.{os.getpid()}")
    coming.write_text(text)
    coming.replace(file)


def put(coming: Path, folder: Path) -> None:
    """Rename; where another was first with the same, that one stays, since somebody may use it already."""
    try:
        coming.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        clear(coming)


def renewed(box: Path, *, keep: str) -> Path:
    """The folder that was a project's, empty, ours and closed, since what runs as the project may still write in the
    one of before; only ``keep`` in it stays as it was."""
    aside = box.with_name(f"{box.name}.{keep}")
    if (box / keep).is_dir() and not (box / keep).is_symlink():
        clear(aside)
        (box / keep).rename(aside)
    fresh(box, 0o700)
    if aside.exists():
        aside.rename(box / keep)
    return box
