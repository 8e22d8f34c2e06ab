"""The section of docs/reliability.md that a run writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from benchmarks.machine import median, percentile

from soak.jobs import Soak

BEGIN, END = "<!-- make soak writes from here -->", "<!-- to here -->"
MOST_FAILED = 20  # named on the page; more are counted
MORE = 1.2  # times the memory or the processes before
TEXT = """\
## Soak
Written by `make soak` on {date}: {machine}; load average {busy:.1f} before it began.

{jobs} jobs changed one site, in an order that is always the same, while {rate} requests a second were sent to it for
{minutes:.0f} minutes, each when it was due, whatever became of the ones before, and never again: a third of them POSTs,
a quarter over connections that stay open. The site asks its database in each. After each job the right release
answered, no other had, and only what the retained releases need was left: layers, stored bundles, static files, running
copies, programs, ports, databases and checkouts are counted. While a job ran, the disk held one release more at most.

| requests | sent | answered | failed | median ms | 99 % | 99.9 % | longest |
|---|---|---|---|---|---|---|---|
| answers | {sent} | {good} | {failed} | {took} |
| sent late by | | | | {late} |

Lateness is the generator's own: it shares the machine with what it measures and with whatever else runs there, and is
as late with reading an answer as with sending a request.
{failures}
| jobs | number | median s | 95 % | longest |
|---|---|---|---|---|
{kinds}

| | first | highest | last |
|---|---|---|---|
| the project's files when no job runs, MB | {rest} |
| the same while jobs run, looked at every second, MB | | {highest:.1f} | |
| logs of programs, those of ended ones for ten minutes | {logs} |
| processes of the platform and the site | {processes} |
| zoomdb, MB | {zoomdb[0]:.1f} | | {zoomdb[1]:.1f} |
| memory of the platform (PSS), MB | {memory[0]:.0f} | | {memory[1]:.0f} |

Memory by service, MB: {services}.
"""


@dataclass(frozen=True)
class Weight:
    """The platform under load, between two jobs: bytes of each service, of zoomdb; processes."""

    memory: dict[str, int]
    zoomdb: int
    processes: int


def told(soak: Soak, *, rate: int, minutes: float, weights: tuple[Weight, Weight], machine: str, busy: float) -> str:
    counted, left = soak.load.counted, [one.left for one in soak.done]
    before, after = weights
    services = [f"{name} {mb(before.memory[name]):.0f} → {mb(after.memory[name]):.0f}" for name in before.memory]
    return TEXT.format(
        date=datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        machine=machine,
        busy=busy,
        jobs=len(soak.done),
        rate=rate,
        minutes=minutes,
        sent=counted.sent,
        good=counted.good,
        failed=len(counted.failed),
        took=_spread(counted.took),
        late=_spread(counted.late),
        failures="".join(f"\n- {one}" for one in counted.failed[:MOST_FAILED]),
        kinds=_kinds(soak),
        rest=" | ".join(f"{mb(one):.1f}" for one in _ends([one.size for one in left])),
        highest=mb(max(soak.seen)),
        processes=" | ".join(str(one) for one in _ends([one.processes for one in left])),
        logs=" | ".join(str(one) for one in _ends([one.logs for one in left])),
        zoomdb=(mb(before.zoomdb), mb(after.zoomdb)),
        memory=(mb(sum(before.memory.values())), mb(sum(after.memory.values()))),
        services=", ".join(services),
    )


def grown(before: Weight, after: Weight) -> list[str]:
    """A phrase for what the platform takes more of after the jobs than it may."""
    memory, now = sum(before.memory.values()), sum(after.memory.values())
    found = [f"{mb(now):.0f} MB of memory, {mb(memory):.0f} before"] if now > memory * MORE else []
    more = after.processes > before.processes * MORE
    return found + ([f"{after.processes} processes, {before.processes} before"] if more else [])


def within(page: str, section: str) -> str:
    """The page with this section in the place of the one before; at its end where it has none."""
    whole = f"{BEGIN}\n{section}{END}\n"
    if BEGIN not in page:
        return f"{page}\n{whole}" if page else f"# Reliability\n{whole}"
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}\n", lambda _: whole, page, count=1, flags=re.DOTALL)


def mb(size: float) -> float:
    return size / 1e6


def _kinds(soak: Soak) -> str:
    took: dict[str, list[float]] = {}
    for one in soak.done:
        took.setdefault(one.kind, []).append(one.seconds)
    lines = [(kind, len(all_), median(all_), percentile(all_, 0.95), max(all_)) for kind, all_ in sorted(took.items())]
    return "\n".join(f"| {kind} | {n} | {a:.1f} | {b:.1f} | {c:.1f} |" for kind, n, a, b, c in lines)


def _ends(values: Sequence[int]) -> tuple[int, int, int]:
    return values[0], max(values), values[-1]


def _spread(values: Sequence[float]) -> str:
    shares = [percentile(list(values), share) for share in (0.5, 0.99, 0.999)]
    return " | ".join(f"{one:.1f}" for one in (*shares, max(values)))
