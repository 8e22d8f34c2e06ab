"""The page that a run writes, and the rule by which a run is a regression against the page before it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.machine import median, percentile

WORSE = 1.25  # more than this times the last page's share of the goal is a regression
FAR = 0.5  # of a goal


@dataclass
class Line:
    """One line of the table: what was measured, beside its floor if it has one, and the goal of it."""

    name: str
    goal: float
    unit: str = "×"  # of the goal: × is against the floor
    quantile: float = 0.5  # which of what was measured is held to the goal
    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    floor_cpu: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        if self.floor:
            return median(self.ours) / median(self.floor)
        return median(self.ours) if self.quantile == 0.5 else percentile(self.ours, self.quantile)

    @property
    def share(self) -> float:
        """1 is the goal, less is better."""
        return self.value / self.goal

    def row(self) -> str:
        verdict = "PASS" if self.share <= 1 else "over"
        cells = [self.name, _spread(self.ours), _spread(self.floor), _middle(self.cpu), _middle(self.floor_cpu)]
        told = [f"{self.value:.3g} {self.unit}", f"≤ {self.goal:g} {self.unit}", f"{self.share:.2f}", verdict]
        return "| " + " | ".join([*cells, *told]) + " |"


HEAD = (
    "| work | min / median / 95 % | floor | CPU s | floor's CPU s | measured | goal | of the goal | |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Before:
    """A line as an earlier page has it; ``floor`` is what the hand took, 0 where it did nothing."""

    share: float
    floor: float = 0.0


def last(page: str) -> dict[str, Before]:
    """The lines that an earlier page has, by name."""
    found = re.findall(
        r"^\| ([^|]+) \|[^|]*\|([^|]*)\|(?:[^|]*\|){4} ([0-9.]+) \| (?:PASS|over) \|$", page, re.MULTILINE
    )
    return {name: Before(float(share), _median_of(spread)) for name, spread, share in found}


def regressions(lines: Sequence[Line], before: Mapping[str, Before]) -> list[str]:
    """A sentence for each line that is more than a quarter worse than it was, and not still far from its goal: of what
    takes a hundredth of a second a quarter is the machine's mood. That we were quicker than the same work by hand was
    one too; and what is in seconds, with no hand beside it, is held to the pace at which the hand works today."""
    pace = _pace(lines, before)
    return [
        f"{line.name}: {line.share:.2f} of the goal, {before[line.name].share:.2f} before"
        for line in lines
        if line.name in before and line.share > max(_allowed(line, before[line.name], pace) * WORSE, FAR)
    ]


def _allowed(line: Line, before: Before, pace: float) -> float:
    if line.floor and line.goal >= 1:
        return max(before.share, 1 / line.goal)
    return before.share * (pace if line.unit in ("s", "ms") else 1.0)


def _pace(lines: Sequence[Line], before: Mapping[str, Before]) -> float:
    """How much longer the hand takes than it took; 1 where it is no slower."""
    floors = [(median(line.floor), before[line.name].floor) for line in lines if line.floor and line.name in before]
    return max(1.0, median([now / then for now, then in floors if then] or [1.0]))


def at_rest(memory: Mapping[str, float]) -> str:
    """What the idle platform's memory is made of, in MB; empty where it was not measured."""
    told = ", ".join(f"{name} {taken:.0f}" for name, taken in memory.items())
    return f"The idle platform by service, MB: {told}.\n" if told else ""


def profile(steps: Mapping[str, Mapping[str, list[float]]]) -> str:
    """Median seconds of each step, and of the parts of a step, for each kind of work that is a job."""
    text = ""
    for work, took in steps.items():
        middle = {step: median(seconds) for step, seconds in took.items()}
        whole = sum(seconds for step, seconds in middle.items() if ": " not in step) or 1.0
        text += f"\n### {work}\n| step | median s | share |\n|---|---|---|\n"
        text += "".join(f"| {step} | {took:.3f} | {100 * took / whole:.0f} % |\n" for step, took in middle.items())
    return text


def _spread(values: list[float]) -> str:
    if not values:
        return ""
    return f"{min(values):.3g} / {median(values):.3g} / {percentile(values, 0.95):.3g}"


def _median_of(spread: str) -> float:
    """Of what ``_spread`` wrote."""
    _, _, rest = spread.partition(" / ")
    return float(rest.partition(" / ")[0] or 0)


def _middle(values: list[float]) -> str:
    return f"{median(values):.1f}" if values else ""
