"""Inside of the sandbox: ``python -m dz.tasklib.build.compiling TREE``, with the names of catalogs (.po) as JSON on
stdin → ``{"made": {name: base64 of what Django reads}, "failed": [names]}`` on stdout."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import polib

LONGEST = 8 * 1024 * 1024  # bytes of one


def report(tree: Path, names: Iterable[str]) -> dict[str, object]:
    """Fuzzy and obsolete entries are left out, as msgfmt does."""
    made: dict[str, str] = {}
    failed = []
    for name in names:
        try:
            if (tree / name).stat().st_size > LONGEST:
                raise ValueError("too long")
            made[name] = base64.b64encode(polib.pofile(str(tree / name)).to_binary()).decode()
        except (OSError, ValueError, LookupError, TypeError, AttributeError):  # polib's own for what is no catalog
            failed.append(name)
    return {"made": made, "failed": failed}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(report(Path(sys.argv[1]), json.load(sys.stdin))))
