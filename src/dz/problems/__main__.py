"""``python -m dz.problems``: docs/errors.md, made from the registry, on stdout."""

from __future__ import annotations

import sys
from itertools import groupby

from dz.problems import Problem, registry

HEAD = """# What can go wrong, and what to do

Made by `python -m dz.problems`; a test holds it equal to the registry. Every error that the command line, the panel
and the API show has one of these ids. Words in braces are filled in.
"""


def page() -> str:
    """The whole page."""
    entries = sorted(registry().values(), key=lambda entry: entry.id)
    parts = [HEAD]
    for area, group in groupby(entries, key=lambda entry: entry.id.partition(".")[0]):
        parts.append(f"## {area}\n")
        parts += [_entry(entry) for entry in group]
    return "\n".join(parts)


def _entry(entry: Problem) -> str:
    why = f"\n{entry.why}\n" if entry.why else ""
    return f"### {entry.id}\n\n{entry.sentence}\n\n**Next:** {entry.next}\n{why}"


if __name__ == "__main__":
    sys.stdout.write(page())
