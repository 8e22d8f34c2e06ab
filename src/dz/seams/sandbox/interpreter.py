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
    """What outside /usr must be there for the program to start: the installation of a Python (the parent of its bin),
    and by themselves the files and links that lie elsewhere, as uv's in ~/.local/bin or ours in DZ_HOME/tools: what is
    around those is somebody's own."""
    found: list[Path] = []
    for path in (*links_of(program), program.resolve()):
        prefix = path.parent.parent
        needed = prefix if _is_installation(prefix) else path
        given = path.is_relative_to("/usr") or (prefix == Path("/") and not path.is_symlink())
        if not given and needed not in found:
            found.append(needed)
    return tuple(found)


def _is_installation(prefix: Path) -> bool:
    """Of a Python with its library, or a virtualenv: ~/.local has a lib/python3.12, too, where pip installed there."""
    library = next(prefix.glob("lib*/python3*/os.py"), None)
    return prefix != Path("/") and (library is not None or (prefix / "pyvenv.cfg").exists())


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
