"""The guest package, copied once per version where every project's sandbox can read it."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import dz.guest


def guest_folder(home: Path) -> Path:
    """``DZ_HOME/guest/<hash>``, made if missing: two versions of the platform never share one."""
    source = Path(dz.guest.__file__).parent
    files = sorted(p for p in source.rglob("*.py"))
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(source)).encode() + b"\0" + path.read_bytes() + b"\0")
    folder = home / "guest" / digest.hexdigest()[:16]
    if not folder.exists():
        coming = folder.with_name(f"{folder.name}.{os.getpid()}")
        for path in files:
            target = coming / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o644)
        for made in (folder.parent, coming, *(p for p in coming.rglob("*") if p.is_dir())):
            made.chmod(0o755)
        try:
            coming.rename(folder)
        except OSError:
            shutil.rmtree(coming)  # another process was first; the content is the same
    return folder
