"""A virtualenv from a list of names, versions and hashes: outside the sandbox, and yet nothing of a project runs.

The base interpreter makes the folder; uv, pointed at the base interpreter and never at the environment (it would run
its ``.pth`` files), links checked wheels into it from a cache that no project can write.
"""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

from uv import find_uv_bin

from dz.run import Caps, check, run
from dz.tasklib import unsynced
from dz.tasklib.build.bench import Bench
from dz.tasklib.build.bytecode import ByteCode
from dz.tasklib.build.locked import Locked
from dz.tasklib.build.uvfailure import failure
from dz.tasklib.folders import clear

# A wheel may be made to cost whoever reads it. uv reserves addresses for each of its threads.
UV_CAPS = Caps(memory=8 * 1024**3, file_size=4 * 1024**3, cpu=900)
SCRIPT = 256 * 1024  # no generated script is longer


def install(bench: Bench, locked: Locked, wheels: Path, env: Path) -> None:
    """Make ``env``, which lies in the bench's home, whole or not at all. ``wheels``: those that were built here.

    Raises UserError ``build.*``, Transient, Cancelled.
    """
    coming = env.with_name(f"{env.name}.coming")
    clear(coming)
    check([bench.python.path, "-I", "-m", "venv", "--without-pip", coming], deadline=60, cwd=Path("/"))
    _fill(bench, locked, wheels, coming)
    kept = bench.cache / "bytecode"
    unsynced.drop_doubtful(bench.home, kept)
    code = ByteCode(bench.python, coming, kept)
    code.compile(deadline=bench.left(inf), cancelled=bench.stop)
    _seat(coming / "bin", env / "bin/python")
    with unsynced.making(bench.home, kept), unsynced.making(bench.home, env):
        code.keep()
        clear(env)
        coming.rename(env)


def _fill(bench: Bench, locked: Locked, wheels: Path, env: Path) -> None:
    listed = bench.work / "install.txt"
    listed.write_text(locked.text())
    empty = bench.work / "empty"
    empty.mkdir(exist_ok=True)
    argv: list[str | Path] = [
        find_uv_bin(), "pip", "install", "--no-config", "--require-hashes", "--no-deps", "--only-binary", ":all:",
        "--prefix", env, "--python", bench.python.path, "--cache-dir", bench.cache / "uv", "--link-mode", "hardlink",
        "--no-progress", "-r", listed,
    ]  # fmt: skip
    if locked.built:
        argv += ["--find-links", wheels]
    variables = {"UV_PYTHON_DOWNLOADS": "never", **bench.indexes.variables}
    finished = run(
        argv,
        deadline=bench.left(inf),
        env=variables,
        cwd=empty,
        on_output=bench.log.output,
        cancelled=bench.stop,
        caps=UV_CAPS,
    )
    if not finished.ok:
        raise failure(finished.text, python=str(bench.python.version))


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
