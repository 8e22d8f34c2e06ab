"""Numbers and how sure a guess is, as people read them: one wording for command line and panel. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

CERTAIN, LIKELY = 0.95, 0.7  # confidences from which a guess is called so
CERTAINTIES = ("certain", "likely", "a guess")


def duration(seconds: float | None) -> str:
    """``1.8 s``, ``12 s``, ``2 min 5 s``, ``2 h 14 min``; ``-`` for None."""
    if seconds is None:
        return "-"
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = whole // 60
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def size(count: float | None) -> str:
    """``84 MB``, ``1.9 GB``; ``-`` for None."""
    if count is None:
        return "-"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 999.5 or unit == "TB":
            break
        count /= 1000
    return f"{count:.1f} {unit}" if count < 9.95 and unit in ("GB", "TB") else f"{count:.0f} {unit}"


def share(part: float | None) -> str:
    """0.31 is ``31 %``."""
    return "-" if part is None else f"{part * 100:.0f} %"


def certainty(confidence: float) -> str:
    """In words; the number is for the small print."""
    return CERTAINTIES[(confidence < CERTAIN) + (confidence < LIKELY)]


def kept(steps: Iterable[Mapping[str, Any]]) -> str:
    """What stays of a job that went wrong. What migrations did stays, and how far they came only their step knows."""
    begun = any(one["name"] == "post_build_hooks" and one["host"] for one in steps)  # a host has what it began
    return "nothing of this job was kept" + (" but what migrations did" if begun else "")


def listing(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
