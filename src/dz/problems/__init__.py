"""The one registry of what is told to users when something goes wrong.

Every entry has a stable id (``area.cause``), one sentence in the user's terms and one next act. Command line,
panel, API and ``docs/errors.md`` show these and no others. One module per area, so that adding a problem is one entry
in one file. Placeholders are ``str.format`` names that ``dz.errors.UserError`` must be given.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that goes wrong: ``sentence`` says what, ``next`` what to do, ``why`` fills its docs page."""

    id: str
    sentence: str
    next: str
    why: str = ""


@cache
def registry() -> dict[str, Problem]:
    """Every problem by its id. Raises ValueError if two modules use one id."""
    found: dict[str, Problem] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        for entry in importlib.import_module(f"{__name__}.{module.name}").PROBLEMS:
            if entry.id in found:
                raise ValueError(f"two problems are called {entry.id}")
            found[entry.id] = entry
    return found


def problem(id: str) -> Problem:
    """The entry of that id. Raises KeyError for an unknown one."""
    return registry()[id]


def told(id: str, **facts: object) -> dict[str, str]:
    """A problem as rows keep it. A placeholder without its fact reads "?": it must not cost the whole message."""
    entry, known = problem(id), defaultdict(lambda: "?", facts)
    return {
        "id": id,
        "sentence": entry.sentence.format_map(known),
        "where": "",
        "next": entry.next.format_map(known),
    }
