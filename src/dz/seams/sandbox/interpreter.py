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
    """What outside /usr must be there for the program to start: its installation (the parent of its bin), and links to
    it that lie elsewhere by themselves, as uv's in ~/.local/bin: what is around those is somebody's own."""
    found: list[Path] = []
    for path in (*links_of(program), program.resolve()):
        prefix = path.parent.parent
        is_installation = prefix != Path("/") and next(prefix.glob("lib*/python3*"), None) is not None
        needed = prefix if is_installation or not path.is_symlink() else path
        if not path.is_relative_to("/usr") and needed != Path("/") and needed not in found:
            found.append(needed)
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
