"""What detectors find, and what they are given of each other's findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dz.tasklib.build.inspect.tree import Tree
from dz.tasklib.buildconfig import FILE

# Fields whose primary value is all that was found, joined by newlines; the others have one winner.
LISTS = frozenset(
    {
        "additional_python_path_dirs",
        "database_engines",
        "environment",
        "environment_as",
        "environment_later",
        "environment_off",
        "extras",
        "front_ends",
        "hooks",
        "processes",
        "services",
        "site_media_map",
    }
)
# Told of elsewhere, or only looked up.
NO_SETTINGS = frozenset(
    {"environment", "environment_as", "environment_later", "environment_off", "imported", "spare_packages"}
)
COUNTS = 0.5  # from this confidence on an item of a list is part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One reason for one value of one field. ``line`` counts from 1; ``why`` is a sentence for the user."""

    field: str
    value: str
    confidence: float
    why: str
    file: str = ""
    line: int | None = None
    excerpt: str = ""


def at(tree: Tree, field: str, value: str, confidence: float, why: str, file: str, line: int | None) -> Evidence:
    """Evidence that stands in a file, with that line as its excerpt."""
    return Evidence(
        field=field,
        value=value,
        confidence=round(min(max(confidence, 0.02), 1.0), 3),
        why=why,
        file=file,
        line=line,
        excerpt=tree.line(file, line),
    )


def counted(ranked: list[Evidence]) -> list[Evidence]:
    """The items that make a list: what its owner decided in a zoombuild.cfg is all of it."""
    return [one for one in ranked if one.file == FILE] or [one for one in ranked if one.confidence >= COUNTS]


@dataclass(slots=True)
class Facts:
    """The evidence of the detectors that ran before, ranked."""

    found: list[Evidence] = field(default_factory=list)

    def add(self, more: Iterable[Evidence]) -> None:
        self.found.extend(more)

    def ranked(self, name: str) -> list[Evidence]:
        """The strongest evidence for each value of a field, the best first; ties go to what more evidence names,
        then to what was found first."""
        best: dict[str, Evidence] = {}
        votes: dict[str, int] = {}
        for one in self.found:
            if one.field == name:
                votes[one.value] = votes.get(one.value, 0) + 1
                if one.value not in best or one.confidence > best[one.value].confidence:
                    best[one.value] = one
        return sorted(best.values(), key=lambda one: (-one.confidence, -votes[one.value]))

    def primary(self, name: str) -> str:
        """The value of the field as it stands; '' if nothing was found."""
        ranked = self.ranked(name)
        if name in LISTS:
            return "\n".join(one.value for one in counted(ranked))
        return ranked[0].value if ranked else ""
