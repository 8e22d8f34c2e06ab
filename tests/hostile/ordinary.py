"""A Python of ours as an ordinary user, under an interpreter that this user can start."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from dz.run import Finished, run
from dz.seams.sandbox.interpreter import reachable

ROOT = Path(__file__).parents[2]
ORDINARY = 54_321  # an ordinary user's uid, of nobody else


def as_ordinary_user(
    argv: Sequence[str | Path],
    *,
    root: bool = False,
    without: str = "",
    own_network: bool = False,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """``python ARGV``; the word PYTHON in it is that interpreter too. ``root``: stay who we are. ``without``: a
    capability that root lacks there. ``own_network``: in a new network namespace."""
    python = Path(sys.executable)
    if not root and not reachable(python, ORDINARY):
        python = Path(f"/usr/bin/python3.{sys.version_info.minor}")
    drop = [] if root else [f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    if without:
        drop += [f"--bounding-set=-{without}", f"--inh-caps=-{without}"]
    ours = {
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"), sysconfig.get_path("purelib"))),
        "PYTHONDONTWRITEBYTECODE": "1",
        **(env or {}),
    }
    apart = ["/usr/bin/unshare", "--net", "--"] if own_network else []
    words = [python if word == "PYTHON" else word for word in argv]
    return run([*apart, "/usr/bin/setpriv", *drop, "--", python, *words], deadline=240, env=ours, cwd=ROOT)
