"""A virtualenv from a list of names, versions and hashes: outside the sandbox, and yet nothing of a project runs.

The base interpreter makes the folder; uv, pointed at the base interpreter and never at the environment (it would run
its ``.pth`` files), links checked wheels into it from a cache that no project can write.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from uv import find_uv_bin

from dz.run import Caps, check, run
from dz.seams.sandbox.indexes import Indexes
from dz.tasklib import unsynced
from dz.tasklib.build.bytecode import ByteCode
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.locked import Locked
from dz.tasklib.build.uvfailure import failure
from dz.tasklib.folders import Folders, clear

# A wheel may be made to cost whoever reads it. uv reserves addresses for each of its threads.
UV_CAPS = Caps(memory=8 * 1024**3, file_size=4 * 1024**3, cpu=900)
SCRIPT = 256 * 1024  # no generated script is longer


def install(
    locked: Locked,
    env: Path,
    *,
    python: Interpreter,
    indexes: Indexes,
    home: Path,
    wheels: Path,
    work: Path,
    deadline: float,
    on_output: Callable[[bytes], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Make ``env``, which lies in ``home``, whole or not at all.

    Raises UserError ``build.*``, Transient, Cancelled.
    """
    cache = Folders(home).cache
    coming = env.with_name(f"{env.name}.coming")
    clear(coming)
    check([python.path, "-I", "-m", "venv", "--without-pip", coming], deadline=60, cwd=Path("/"))
    listed = work / "install.txt"
    listed.write_text(locked.text())
    empty = work / "empty"
    empty.mkdir(exist_ok=True)
    argv: list[str | Path] = [
        find_uv_bin(), "pip", "install", "--no-config", "--require-hashes", "--no-deps", "--only-binary", ":all:",
        "--prefix", coming, "--python", python.path, "--cache-dir", cache / "uv", "--link-mode", "hardlink",
        "--no-progress", "-r", listed,
    ]  # fmt: skip
    if locked.built:
        argv += ["--find-links", wheels]
    variables = {"UV_PYTHON_DOWNLOADS": "never", **indexes.variables}
    finished = run(
        argv, deadline=deadline, env=variables, cwd=empty, on_output=on_output, cancelled=cancelled, caps=UV_CAPS
    )
    if not finished.ok:
        raise failure(finished.text, python=str(python.version))
    kept = cache / "bytecode"
    unsynced.drop_doubtful(home, kept)
    code = ByteCode(python, coming, kept)
    code.compile(deadline=deadline, cancelled=cancelled)
    _seat(coming / "bin", env / "bin/python")
    with unsynced.making(home, kept), unsynced.making(home, env):
        code.keep()
        clear(env)
        coming.rename(env)


def _seat(folder: Path, python: Path) -> None:
    """Scripts name their interpreter by path: the one where the environment will be. Written anew, never through the
    link that a file may share with the cache."""
    for path in folder.iterdir():
        if path.is_symlink() or not path.is_file() or path.stat().st_size > SCRIPT:
            continue
        first, _, rest = path.read_bytes().partition(b"\n")
        if first.startswith(b"#!") and b"python" in first:
            path.unlink()
            path.write_bytes(b"#!" + os.fsencode(python) + b"\n" + rest)
            path.chmod(0o755)
