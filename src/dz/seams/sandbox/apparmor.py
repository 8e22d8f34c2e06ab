"""Ubuntu 24.04 as it comes forbids user namespaces to every program but those with a profile that allows them.

``install`` gives our own root-owned copy of bubblewrap such a profile, and only it: the system's own stays as its
distribution has it. Whoever may start the copy gets a user namespace, as on any machine without that rule.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from dz.errors import PlatformError, UserError
from dz.run import check

OWN_COPY = Path("/usr/local/lib/djangozoom/bwrap")
PROFILE = Path("/etc/apparmor.d/djangozoom-bwrap")
SWITCH = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
TEXT = f"""# Made by DjangoZoom: its copy of bubblewrap may make user namespaces, which keep projects apart.
abi <abi/4.0>,
include <tunables/global>

profile djangozoom-bwrap {OWN_COPY} flags=(unconfined) {{
  userns,
}}
"""


def needed(switch: Path = SWITCH) -> bool:
    """Whether this kernel forbids user namespaces to programs without a profile."""
    return switch.exists() and switch.read_text().strip() == "1"


def install(bwrap: Path, *, root: Path = Path("/"), switch: Path = SWITCH) -> Iterator[str]:
    """Copy ``bwrap``, write the profile, load it where the kernel asks for one. Says each thing that it did.

    ``root``: another folder than / (tests); nothing is loaded from there. Raises UserError and PlatformError.
    """
    if os.geteuid() != 0:
        raise UserError("sandbox.fix-needs-root", command=f"{sys.executable} -m dz.local doctor --fix")
    copy, profile = root / OWN_COPY.relative_to("/"), root / PROFILE.relative_to("/")
    _put(copy, bwrap.read_bytes(), 0o755)
    yield f"copied {bwrap} to {copy}"
    if not needed(switch):
        return
    _put(profile, TEXT.encode(), 0o644)
    yield f"wrote {profile}"
    if root == Path("/"):
        parser = shutil.which("apparmor_parser", path="/usr/sbin:/sbin")
        if parser is None:
            raise PlatformError("apparmor_parser is not here: install the package apparmor")
        check([parser, "--replace", profile], deadline=60)
        yield "loaded it"


def _put(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all, and root's whatever the umask."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    coming = path.with_name(f".{path.name}.coming")
    coming.unlink(missing_ok=True)
    with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(data)
        os.fchmod(out.fileno(), mode)
    coming.rename(path)
