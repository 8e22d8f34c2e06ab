"""What the inspector told of dependencies, checked: it read a stranger's files, and uv takes options from lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version


def plain(lines: Iterable[str]) -> tuple[str, ...]:
    """Those that are a name with a range and nothing else, written by us."""
    found = []
    for line in lines:
        try:
            one = Requirement(line)
        except InvalidRequirement:
            continue
        if one.url:
            continue
        extras = f"[{','.join(sorted(one.extras))}]" if one.extras else ""
        found.append(f"{one.name}{extras}{one.specifier}")
    return tuple(found)


def django_range(guesses: Sequence[str]) -> str:
    """The range of Djangos for a project that leaves it open; ``guesses``: best first. "" where nothing bounds it.

    A series (``==4.1.*``) says it all; a range takes the lowest upper bound that some old word of the code gives.
    """
    best = _specifier(guesses[0]) if guesses else None
    if best is None or any(one.operator == "==" for one in best):
        return str(best or "")
    bounds = [one for guess in guesses for one in _specifier(guess) or () if guess.startswith("<")]
    lowest = min(bounds, key=lambda one: Version(one.version), default=None)
    return str(best & SpecifierSet(str(lowest or "")))


def _specifier(text: str) -> SpecifierSet | None:
    """None for a bare version, too: what is pinned needs no bound."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None
