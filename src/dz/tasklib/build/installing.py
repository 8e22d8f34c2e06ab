"""A virtualenv from a list of names, versions and hashes: outside the sandbox, and yet nothing of a project runs.

The base interpreter makes the folder; uv, pointed at the base interpreter and never at the environment (it would run
its ``.pth`` files), links checked wheels into it from a cache that no project can write.
Byte code is compiled with hashes that are never checked, so that it survives packing and read-only mounts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from packaging.version import Version
from uv import find_uv_bin

from dz.errors import PlatformError
from dz.run import Caps, check, run
from dz.seams.sandbox.indexes import Indexes
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.locked import Locked
from dz.tasklib.build.uvfailure import failure
from dz.tasklib.folders import clear, settle

# Rarely imported, and a good part of all files: compiled when they are needed, by who needs them.
NOT_COMPILED = r"/(setuptools|pkg_resources|tests?|testing)/"
# A wheel or a module may be made to cost whoever reads it. uv reserves addresses for each of its threads.
UV_CAPS = Caps(memory=8 * 1024**3, file_size=4 * 1024**3, cpu=900)
COMPILE_CAPS = Caps(memory=2 * 1024**3, file_size=256 * 1024**2, cpu=300)
SCRIPT = 256 * 1024  # no generated script is longer


def install(
    locked: Locked,
    env: Path,
    *,
    python: Interpreter,
    indexes: Indexes,
    cache: Path,
    wheels: Path,
    work: Path,
    deadline: float,
    on_output: Callable[[bytes], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Make ``env``, whole or not at all.

    Raises UserError ``build.*``, Transient, Cancelled.
    """
    coming = env.with_name(f"{env.name}.coming")
    clear(coming)
    check([python.path, "-I", "-m", "venv", "--without-pip", coming], deadline=60, cwd=Path("/"))
    listed = work / "install.txt"
    listed.write_text(locked.text())
    empty = work / "empty"
    empty.mkdir(exist_ok=True)
    argv: list[str | Path] = [
        find_uv_bin(), "pip", "install", "--no-config", "--require-hashes", "--no-deps", "--only-binary", ":all:",
        "--prefix", coming, "--python", python.path, "--cache-dir", cache, "--link-mode", "hardlink",
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
    compile_all(python, coming, deadline=deadline, cancelled=cancelled)
    _seat(coming / "bin", env / "bin/python")
    settle(coming)
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


def compile_all(
    python: Interpreter, env: Path, *, deadline: float, cancelled: Callable[[], bool] | None = None
) -> None:
    """compileall parses, it runs nothing; files that are no Python of this version, or that cost too much, are left as
    they are.

    The installed files are links into the cache, the byte code is not: a second environment compiles its own.
    """
    argv: list[str | Path] = [python.path, "-I", "-S", "-m", "compileall", "-q", "-j", str(os.cpu_count() or 1)]
    if python.version >= Version("3.7"):
        argv += ["--invalidation-mode", "unchecked-hash"]
    try:
        run(
            [*argv, "-x", NOT_COMPILED, env / "lib"],
            deadline=deadline,
            cwd=Path("/"),
            cancelled=cancelled,
            caps=COMPILE_CAPS,
        )
    except FileNotFoundError as error:
        raise PlatformError(f"Python {python.version} is gone from {python.path}") from error
