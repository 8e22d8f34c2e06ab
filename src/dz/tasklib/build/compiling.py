"""Inside of the sandbox: ``python -m dz.tasklib.build.compiling TREE``, with the names of catalogs (.po) as JSON on
stdin → ``{"made": {name: base64 of what Django reads}, "failed": [names]}`` on stdout."""

from __future__ import annotations

import base64
import gettext
import io
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import polib

LONGEST = 8 * 1024 * 1024  # bytes of one
MOST = 24 * 1024 * 1024  # of all: what is made of them is never longer, and goes through the worker's own memory
_NAMED = re.compile(r"%\((\w{1,60})\)")
_NO_CATALOG = (OSError, ValueError, LookupError, TypeError, AttributeError)  # polib's own, and gettext's


def report(tree: Path, names: Iterable[str]) -> dict[str, object]:
    """Fuzzy and obsolete entries are left out, as msgfmt does."""
    made: dict[str, str] = {}
    failed = []
    left = MOST
    for name in names:
        try:
            size = (tree / name).stat().st_size
            if size > min(LONGEST, left):
                raise ValueError("too long")
            made[name] = base64.b64encode(_compiled(tree / name)).decode()
            left -= size
        except _NO_CATALOG:
            failed.append(name)
    return {"made": made, "failed": failed}


def _compiled(source: Path) -> bytes:
    """Raises what Python's gettext does of a catalog that it can't read (``plural=EXPRESSION``): so would each page."""
    catalog = polib.pofile(str(source))
    catalog[:] = [one for one in catalog if _can_be_filled_in(one)]
    content: bytes = catalog.to_binary()
    gettext.GNUTranslations(io.BytesIO(content))
    return content


def _can_be_filled_in(entry: polib.POEntry) -> bool:
    """Whether its text takes what the code's own takes; msgfmt refuses a file with one that does not, for each page
    that shows it would fail."""
    theirs = [one for one in (entry.msgid, entry.msgid_plural) if one]
    given = {name: 1 for one in theirs for name in _NAMED.findall(one)}
    if "python-format" not in entry.flags or not given or not all(_fills(one, given) for one in theirs):
        return True
    return all(_fills(one, given) for one in (entry.msgstr, *entry.msgstr_plural.values()))


def _fills(text: str, given: dict[str, int]) -> bool:
    try:
        text % given
    except (LookupError, ValueError, TypeError, OverflowError, MemoryError):
        return False
    return True


if __name__ == "__main__":
    sys.stdout.write(json.dumps(report(Path(sys.argv[1]), json.load(sys.stdin))))
