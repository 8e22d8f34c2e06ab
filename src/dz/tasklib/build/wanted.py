"""What a project asks to have installed, and how uv is pointed at it: the files, the folder, the extras."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dz.errors import UserError
from dz.tasklib.build.bench import Bench
from dz.tasklib.buildconfig import Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``files``: relative to the repository; ``root``: the project's folder in it; ``extras``: what of the
    file is wanted with its plain dependencies, as the build config has it; ``packages``: requirement lines
    instead of files; ``django``: the range that the code says, where the files leave it open; ``added``: lines for what
    the code imports and nothing declares; ``pins``: versions of a lock that uv does not read; ``as_of``: the day of the
    last commit, where nothing says which versions it ran with; ``aged``: that day counts for what the
    files leave open, since the newest of it do not work; ``whole_lock``: ``packages`` are all that a lock names, which
    is among what the files tell."""

    installer: str
    files: tuple[str, ...]
    packages: tuple[str, ...] = ()
    django: str = ""
    root: str = ""
    extras: Pairs = ()
    asgi_only: bool = False
    added: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    as_of: str = ""
    aged: bool = False
    whole_lock: bool = field(default=False, repr=False)


def files_of(bench: Bench, wanted: Wanted) -> list[Path]:
    """What uv is pointed at, by installer. Of the locks of other tools it gets the versions, as bounds."""
    if wanted.packages:
        return [bench.write("packages.in", "".join(f"{line}\n" for line in wanted.packages))]
    if wanted.installer in ("none", "groups"):
        return []
    if wanted.installer == "pipenv":
        raise UserError("build.installer-unknown", installer="a Pipfile without packages")
    if wanted.installer == "requirements":
        return [bench.source / file for file in wanted.files]
    named = [file for file in wanted.files if PurePosixPath(file).name in ("pyproject.toml", "setup.py", "setup.cfg")]
    if named:
        return [bench.source / named[0]]
    name = "setup.py" if wanted.installer == "setup" else "pyproject.toml"
    return [bench.source / wanted.root / name]


def folder_of(bench: Bench, wanted: Wanted, root: Path) -> Path:
    """Where relative paths begin: the folder that holds the files, or the one above ``requirements/``."""
    if not wanted.files:
        return root
    folder = PurePosixPath(wanted.files[0]).parent
    return bench.source / (folder.parent if folder.name.startswith("requirements") else folder)
