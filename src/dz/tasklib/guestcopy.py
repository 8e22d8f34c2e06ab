"""The guest package, copied once per version where every project's sandbox can read it."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

from packaging.version import Version

import dz.guest
from dz.errors import PlatformError
from dz.run import DeadlinePassed
from dz.tasklib import unsynced
from dz.tasklib.build.bytecode import compile_all, compiled_name
from dz.tasklib.build.interpreters import of_layer

PACKAGE = "dz_guest"
PATIENCE = 60.0  # seconds; it takes a third of one


def guest_folder(home: Path) -> Path:
    """``DZ_HOME/guest/<hash>``, made if missing: two versions of the platform never share one."""
    source = Path(dz.guest.__file__).parent
    files = sorted(p for p in source.rglob("*.py"))
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(source)).encode() + b"\0" + path.read_bytes() + b"\0")
    folder = home / "guest" / digest.hexdigest()[:16]
    unsynced.drop_doubtful(home, folder)
    if not folder.exists():
        coming = folder.with_name(f"{folder.name}.{os.getpid()}")
        (coming / PACKAGE / "__pycache__").mkdir(parents=True, exist_ok=True)  # one that was killed had our number
        for path in files:
            target = coming / path.relative_to(source)
            shutil.copyfile(path, target)
            target.chmod(0o644)
        for made in (folder.parent, coming, *(p for p in coming.rglob("*") if p.is_dir())):
            made.chmod(0o755)
        try:
            with unsynced.making(home, folder):
                coming.rename(folder)
        except OSError:
            shutil.rmtree(coming)  # another process was first; the content is the same
    return folder


def compile_guest(home: Path, guest: Path, env: Path, python: str) -> None:
    """Have byte code in that ``guest`` for the version of Python that ``env`` is an environment of: no project may
    write there, so that each start of a site and each command would compile it (0.04 s). Where it can't be had they
    do."""
    version, package = Version(python), guest / PACKAGE
    made = package / "__pycache__"
    if all((made / compiled_name(source, version)).exists() for source in package.glob("*.py")):
        return
    interpreter = of_layer(env, home)
    if interpreter is None:
        return
    with suppress(PlatformError, DeadlinePassed), unsynced.making(home, guest):
        compile_all(interpreter, PACKAGE, cwd=guest, deadline=PATIENCE)
