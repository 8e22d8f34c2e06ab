"""Numbers, times and lists as people read them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
    if confidence >= 0.95:
        return "certain"
    return "likely" if confidence >= 0.7 else "a guess"


def listing(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """``text``, or its beginning with an ellipsis."""
    return text if len(text) <= width else text[: max(width - len(ellipsis), 0)] + ellipsis


@dataclass(frozen=True, slots=True)
class Column:
    """``drop``: columns with a number go first when the width does not do, lowest first. ``cuts``: may be shortened."""

    title: str
    right: bool = False
    drop: int | None = None
    cuts: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, *, head: bool = True) -> list[str]:
    """Lines of at most ``width``, as far as dropping and cutting can do it; ids, errors and URLs are never cut."""
    kept = list(range(len(columns)))
    while _needed(columns, rows, kept, head) > width:
        droppable = [i for i in kept if columns[i].drop is not None]
        if not droppable:
            break
        kept.remove(min(droppable, key=lambda i: columns[i].drop or 0))
    widths = {i: _width(columns, rows, i, head) for i in kept}
    over = _needed(columns, rows, kept, head) - width
    for i in kept:
        if columns[i].cuts and over > 0:
            narrower = max(widths[i] - over, 8)
            over -= widths[i] - narrower
            widths[i] = narrower
    all_rows = [[column.title for column in columns], *rows] if head else rows
    return [_line(columns, row, kept, widths) for row in all_rows]


def _width(columns: Sequence[Column], rows: Sequence[Sequence[str]], i: int, head: bool) -> int:
    return max([len(columns[i].title) if head else 0, *(len(row[i]) for row in rows)])


def _needed(columns: Sequence[Column], rows: Sequence[Sequence[str]], kept: Sequence[int], head: bool) -> int:
    return sum(_width(columns, rows, i, head) for i in kept) + 2 * (len(kept) - 1)


def _line(columns: Sequence[Column], row: Sequence[str], kept: Sequence[int], widths: dict[int, int]) -> str:
    cells = []
    for i in kept:
        text = cut(row[i], widths[i]) if columns[i].cuts else row[i]
        cells.append(text.rjust(widths[i]) if columns[i].right else text.ljust(widths[i]))
    return "  ".join(cells).rstrip()
