"""Visitors of a site, one request after the other while something happens to the platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.changing import ALIVE, Changing
from tests.waiting import meanwhile

EVERY = 0.05


@dataclass
class Answers:
    """What they were told, and how often."""

    seen: Counter[str] = field(default_factory=Counter)

    def are_of(self, *versions: str) -> None:
        strange = {words: times for words, times in self.seen.items() if words not in versions}
        assert not strange, f"visitors were told {strange}, beside {versions} ({self.seen.total()} requests)"
        assert self.seen, "nobody asked"


@contextmanager
def probed(site: Changing) -> Iterator[Answers]:
    answers = Answers()

    def ask() -> None:
        try:
            status, words, _ = site.platform.ask(site.project.host, ALIVE)
        except OSError as error:
            status, words = 0, type(error).__name__
        answers.seen[words if status == 200 else f"{status} {words[:80]}"] += 1

    with meanwhile(ask, every=EVERY):
        yield answers
