"""The ``dz`` command: a thin client of the API.

Exit codes: 0 done · 1 failed, the project's to mend · 2 wrong use · 3 errored, ours, or unreachable · 4 not allowed ·
5 cancelled or superseded · 6 ``--timeout`` passed · 130 detached. With ``--json`` stdout holds exactly one document,
whatever happens. Modules are imported when a command needs them, so that the first words come within 100 ms.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    from dz.cli.running import run

    return run(list(sys.argv[1:] if argv is None else argv))
