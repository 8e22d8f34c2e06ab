"""Where an interpreter is installed, and whether a uid can start it."""

from __future__ import annotations

import stat
from pathlib import Path


def links_of(program: Path) -> tuple[Path, ...]:
    """The program and every link on the way to the file that it is."""
    seen = [program]
    while seen[-1].is_symlink() and len(seen) < 20:
        target = seen[-1].readlink()
        seen.append(target if target.is_absolute() else Path(f"{seen[-1].parent}/{target}"))
    return tuple(seen)


def installed_in(program: Path) -> tuple[Path, ...]:
    """Folders outside /usr that must be there for the program to start: its installation (the parent of its bin)."""
    found = []
    for path in (*links_of(program), program.resolve()):
        prefix = path.parent.parent
        if not path.is_relative_to("/usr") and prefix != Path("/") and prefix not in found:
            found.append(prefix)
    return tuple(found)


def reachable(program: Path, uid: int) -> bool:
    """Whether ``uid``, owner of nothing on the way, can start it: told by the permissions of others."""
    for path in (*links_of(program), program.resolve()):
        for folder in path.parents:
            try:
                state = folder.stat()
            except OSError:
                return False
            if state.st_uid != uid and not state.st_mode & stat.S_IXOTH:
                return False
    return True
