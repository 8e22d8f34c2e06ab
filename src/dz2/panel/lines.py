"""Lines of a job's log as HTML: escaped, colours as classes, in folds by step and part.

The page and the stream render the same line the same way, so that a resumed stream continues the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansi2html import Ansi2HTMLConverter
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from dz.words import duration
from dz2.models import Job, JobLog, LogKind, StepState

PAGE = 2000  # lines that a page carries
OUTCOMES: dict[str, str] = {
    StepState.SUCCEEDED: "succeeded",
    StepState.FAILED: "failed",
    StepState.ERRORED: "failed",
    StepState.CANCELLED: "cancelled",
}
PARTS = (LogKind.PART_BEGIN, LogKind.PART_END)
CHUNK = 500  # lines that are laid out together


@dataclass(slots=True)
class Fold:
    """A part of a step, or what a step says between its parts."""

    step: str
    part: str
    title: str
    lines: list[SafeString] = field(default_factory=list)
    seconds: float | None = None
    state: str = "running"  # then succeeded, failed or cancelled

    @property
    def chunks(self) -> list[list[SafeString]]:
        return [self.lines[at : at + CHUNK] for at in range(0, len(self.lines), CHUNK)]


class Reader:
    """Rows of one job to what a browser gets; knows the steps' titles and starts."""

    def __init__(self, job: Job) -> None:
        steps = list(job.steps.all())
        self._titles = {step.name: step.title for step in steps}
        self._colours = Ansi2HTMLConverter(inline=False)
        self._starts = {step.name: step.started_at for step in steps}
        self._states = {step.name: step.state for step in steps}

    def documents(self, rows: Iterable[JobLog]) -> list[dict[str, Any]]:
        """For the stream: the number, where the line belongs, its HTML."""
        return [
            {
                "seq": row.seq,
                "step": row.step,
                "part": row.part,
                "title": self._title(row),
                "html": self.html(row),
                "begin": row.kind == LogKind.PART_BEGIN,
                "end": row.kind == LogKind.PART_END,
                "ok": row.level != "error",
                "took": duration(row.seconds) if row.seconds is not None else "",
            }
            for row in rows
        ]

    def folds(self, rows: Iterable[JobLog]) -> list[Fold]:
        """In order of their first lines. Steps that run at the same time keep their lines apart."""
        found: list[Fold] = []
        latest: dict[str, Fold] = {}
        for row in rows:
            fold = latest.get(row.step)
            if fold is None or not self._continues(fold, row):
                if fold is not None and fold.state == "running":
                    fold.state = "succeeded"
                fold = latest[row.step] = Fold(row.step, row.part, self._title(row))
                found.append(fold)
            fold.lines.append(self.html(row))
            if row.kind == LogKind.PART_END:
                fold.seconds, fold.state = row.seconds, "failed" if row.level == "error" else "succeeded"
        for step, fold in latest.items():
            outcome = OUTCOMES.get(self._states.get(step, ""))
            if outcome and (fold.state == "running" or outcome == "failed"):
                fold.state = outcome
        return found

    def _continues(self, fold: Fold, row: JobLog) -> bool:
        """Whether a line goes on in its step's latest fold, as what a step says after a part of its own name does."""
        goes_on = fold.state == "running" and fold.part == row.part
        return goes_on or (row.kind != LogKind.PART_BEGIN and fold.title == self._title(row))

    def html(self, row: JobLog) -> SafeString:
        """``<div class="line" id="L204">``: number, seconds since the step's start, text."""
        clock, since = f"{row.at:%H:%M:%S}", _since(self._starts.get(row.step), row.at)
        time = format_html('<time datetime="{}" title="{} UTC">{}</time>', row.at.isoformat(), clock, since)
        return line_html(row.seq, row.kind.replace("_", "-"), row.level, time, self._text(row))

    def _title(self, row: JobLog) -> str:
        return row.part or self._titles.get(row.step, row.step)

    def _text(self, row: JobLog) -> SafeString:
        if row.kind == LogKind.PART_BEGIN:
            return conditional_escape(f"{row.text} ...")
        if row.kind == LogKind.PART_END:
            return conditional_escape(f"{row.text}: {'failed' if row.level == 'error' else 'done'}")
        return coloured_html(self._colours, row.text)


def line_html(seq: int, kind: str, level: str, time: SafeString, text: str) -> SafeString:
    """One line of a log, of whatever: the live log's script and a link to its number rely on this.

    The numbers are links for a pointer: a page has hundreds, and nobody wants to pass them with the Tab key."""
    return format_html(
        '<div class="line {} {}" id="L{}"><a class="no" href="#L{}" tabindex="-1">{}</a>{}<span class="text">{}</span>'
        "</div>",
        *(kind, level, seq, seq, seq, time, text),
    )


def coloured_html(colours: Ansi2HTMLConverter, text: str) -> SafeString:
    """Escaped, with its colours as classes."""
    if "\x1b[" not in text:
        return conditional_escape(text)
    coloured: str = colours.convert(text, full=False)
    return mark_safe(coloured.rstrip("\n"))  # noqa: S308 - ansi2html escapes


def _since(start: datetime | None, at: datetime) -> str:
    return f"{max((at - start).total_seconds(), 0):.1f}" if start else ""
