"""How ``dz`` is typed here. Sentences say ``dz up``; people are shown what they can paste.

Where ``dz`` on PATH is this very installation it stays ``dz``. Else it is what was typed (``./dz``, ``.venv/bin/dz``)
or, under make, the script that there is, seen from the current folder. Documents for programs keep the plain ``dz``,
and so does what is shown on another machine (DZ_TYPED is the bare word then).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

TYPED = "DZ_TYPED"  # what was typed, where argv can't tell any more
LAUNCHER = Path(__file__).parents[2] / "dz"  # of the clone; the demo makes it
_COMMAND = re.compile(r"(?<![\w./-])dz(?= -{0,2}[a-zA-Z])")


def typed(text: str) -> str:
    """A sentence whose commands run when pasted."""
    name = dz()
    return text if name == "dz" else _COMMAND.sub(lambda _: name, text)


def dz() -> str:
    """The first word of a command line that reaches this installation from the current folder."""
    if os.environ.get(TYPED) == "dz":
        return "dz"
    ways = [os.environ.get(TYPED, ""), sys.argv[0], str(LAUNCHER), str(Path(sys.executable).with_name("dz"))]
    ours = [way for way in ways if Path(way).name == "dz" and Path(way).is_file()]
    on_path = shutil.which("dz")
    if on_path and any(Path(on_path).samefile(way) for way in ours):
        return "dz"
    return shlex.quote(_from_here(ours[0])) if ours else shlex.join([sys.executable, "-P", "-m", "dz.cli"])


def _from_here(way: str) -> str:
    path, here = Path(way).absolute(), Path.cwd()
    if not path.is_relative_to(here):
        return str(path)
    below = str(path.relative_to(here))
    return below if "/" in below else f"./{below}"
