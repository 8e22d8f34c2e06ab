"""From evidence to guesses: every value keeps its best reason, the losers too; one per field is primary."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from dz.tasklib.build.inspect.evidence import LISTS, Evidence, Facts, counted

MOST_PER_FIELD = 60


class Ranked(NamedTuple):
    """Evidence with its place: what ``dz.tasklib.records.Guess`` is made from outside."""

    evidence: Evidence
    is_primary: bool


def resolve(facts: Facts) -> list[Ranked]:
    """All guesses, by field in the order of their finding, the primary first.

    A field of a list has one primary that joins what counts, with the reason of its strongest item, and each item with
    its own reason after it.
    """
    guesses: list[Ranked] = []
    for field in dict.fromkeys(one.field for one in facts.found):
        ranked = facts.ranked(field)[:MOST_PER_FIELD]
        if field not in LISTS:
            guesses += [Ranked(one, place == 0) for place, one in enumerate(ranked)]
            continue
        items = counted(ranked)
        if items:
            joined = "\n".join(one.value for one in items)
            guesses.append(Ranked(replace(items[0], value=joined), True))
        # A list of one item is that item: the primary says it all.
        guesses += [Ranked(one, False) for one in ranked if len(items) != 1 or one is not items[0]]
    return guesses
