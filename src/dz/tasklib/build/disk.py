"""Room on this host's disk: asked before something large is written, so that nothing is left half-made.

A full disk is ours, whoever meets it: never told as a mistake of the project.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from dz.errors import DzError, PlatformError
from dz.run import check, run

SLOWEST = 600  # seconds
LITTLE = 1_000_000  # with less, whatever failed to write failed for that


def free(path: Path) -> int:
    """Bytes free for us on the file system that holds ``path`` (or will: its nearest existing parent)."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def used(folder: Path) -> int:
    """Bytes that all in ``folder`` takes, however deep it is and whatever goes away meanwhile."""
    said = run(["/usr/bin/du", "-s", "--block-size=1", "--", folder], deadline=60).text
    return int(said.splitlines()[-1].split()[0])


def require(path: Path, size: int, *, host: str) -> None:
    """Raises PlatformError ``platform.disk-full`` when fewer than ``size`` bytes are free there."""
    if (left := free(path)) < size:
        raise PlatformError(
            f"{host} has {left / 1e6:.0f} MB free; {size / 1e6:.0f} are needed", id="platform.disk-full"
        )


def or_full(error: DzError, path: Path) -> DzError:
    """``error``, or that the disk is full where next to nothing is free: git does not always say why it failed."""
    if free(path) >= LITTLE:
        return error
    return PlatformError(f"{error}; the disk is full", id="platform.disk-full")


def copy(tree: Path, into: Path) -> None:
    """Copy a tree, however deep it is, links as links. Raises PlatformError, or ``platform.disk-full``."""
    _copy(["--preserve=mode,timestamps"], tree, into)


def linked(tree: Path, into: Path) -> None:
    """The same by hard links."""
    _copy(["--link"], tree, into)


def writable(tree: Path) -> None:
    """For its owner, as the copy of a layer has to be made."""
    check(["/bin/chmod", "-R", "u+wX", "--", tree], deadline=SLOWEST)


def _copy(how: list[str], tree: Path, into: Path) -> None:
    try:
        check(["/bin/cp", "-dR", "--no-target-directory", *how, "--", tree, into], deadline=SLOWEST)
    except PlatformError as error:
        raise or_full(error, into) from error
