"""A virtualenv from a list of names, versions and hashes: outside the sandbox, and yet nothing of a project runs.

The base interpreter makes the folder; uv, pointed at the base interpreter and never at the environment (it would run
its ``.pth`` files), links checked wheels into it from a cache that no project can write. Byte code is compiled with
hashes that are never checked, so that it survives packing and read-only mounts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dz.errors import UserError
from dz.run import check, run
from dz.seams.sandbox.indexes import of_this_host
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.locking import Pinned
from dz.tasklib.folders import clear, fresh


def install(
    pins: Sequence[Pinned],
    env: Path,
    *,
    python: Interpreter,
    uv: Path,
    cache: Path,
    wheels: Path,
    work: Path,
    deadline: float,
    on_output: Callable[[bytes], None],
    cancelled: Callable[[], bool],
) -> None:
    """Make ``env``; it appears whole or not at all. Raises UserError build.install-failed, Cancelled."""
    coming = fresh(env.with_name(f"{env.name}.coming"))
    clear(coming)
    listed = work / "install.txt"
    listed.write_text("".join(f"{pin.line}\n" for pin in pins))
    check([python.path, "-I", "-m", "venv", "--without-pip", coming], deadline=60)
    argv = [
        uv, "pip", "install", "--no-config", "--require-hashes", "--no-deps", "--only-binary", ":all:",
        "--prefix", coming, "--python", python.path, "--cache-dir", cache, "--find-links", wheels,
        "--no-progress", "--link-mode", "hardlink", "-r", listed,
    ]  # fmt: skip
    env_of_uv = {"UV_PYTHON_DOWNLOADS": "never", **of_this_host().variables}
    wheels.mkdir(exist_ok=True)
    finished = run(argv, deadline=deadline, env=env_of_uv, cwd=work, on_output=on_output, cancelled=cancelled)
    if not finished.ok:
        raise UserError("build.install-failed", reason=finished.text.strip().splitlines()[-1][:300])
    compile_all(python, coming, deadline=deadline)
    clear(env)
    coming.rename(env)


def compile_all(python: Interpreter, folder: Path, *, deadline: float) -> None:
    """compileall parses, it does not run; files that are no Python of this version are left as they are."""
    argv = [python.path, "-I", "-m", "compileall", "-q", "-j", "2"]
    if (python.version.major, python.version.minor) >= (3, 7):
        argv += ["--invalidation-mode", "unchecked-hash"]
    run([*argv, folder / "lib"], deadline=deadline)
