"""Lists and tables as a terminal shows them. Pure; numbers are ``dz.words``."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """``text``, or its beginning with an ellipsis."""
    return text if len(text) <= width else text[: max(width - len(ellipsis), 0)] + ellipsis


def cells(label: str, row: Sequence[str], width: int) -> list[str]:
    """``label`` and the cells on one line; what has no room goes on under the first cell, and no word is cut."""
    wrap = textwrap.TextWrapper(max(width, len(label) + 20), break_long_words=False, break_on_hyphens=False)
    wrap.subsequent_indent = " " * len(label)
    lines, gap = [label], ""
    for cell in filter(str.strip, row):
        longer = f"{lines[-1]}{gap}{cell}"
        if len(longer.rstrip()) <= width:
            lines[-1] = longer
        else:
            wrap.initial_indent = wrap.subsequent_indent if gap else lines.pop()
            lines += wrap.wrap(cell)
        gap = "   "
    return [line.rstrip() for line in lines]


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
