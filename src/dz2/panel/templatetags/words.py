"""Numbers, times and states as people read them; states always carry a sign, so that colour is never alone."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dz2.panel.verification import LABELS, certainty

register = template.Library()
register.filter(certainty)

SIGNS = {
    "succeeded": "✓",
    "live": "✓",
    "ok": "✓",
    "healthy": "✓",
    "running": "●",
    "waiting": "○",
    "ready": "○",
    "failed": "✗",
    "down": "✗",
    "errored": "!",
    "silent": "!",
    "cancelled": "–",
    "superseded": "–",
    "skipped": "–",
}
KINDS = {
    "build_and_deploy": "Build and deploy",
    "check_repo": "Look into the repository",
    "destroy": "Destroy",
}


@register.filter
def duration(seconds: float | None) -> str:
    """``1.8 s``, ``2 min 5 s``, ``2 h 14 min``; '' for None."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


@register.filter
def size(count: float | None) -> str:
    """``84 MB``, ``1.9 GB``; '-' for None."""
    if count is None:
        return "-"
    units = ["B", "kB", "MB", "GB", "TB"]
    while count >= 999.5 and len(units) > 1:
        count /= 1000
        units.pop(0)
    return f"{count:.1f} {units[0]}" if count < 9.95 and units[0] in ("GB", "TB") else f"{count:.0f} {units[0]}"


@register.filter
def share(part: float | None) -> str:
    return "-" if part is None else f"{part * 100:.0f} %"


@register.filter
def ago(at: datetime | None) -> SafeString | str:
    """``2 min ago``, with the exact time in its ``<time>``."""
    if at is None:
        return ""
    seconds = max((timezone.now() - at).total_seconds(), 0)
    shown = "just now" if seconds < 5 else f"{coarse(seconds)} ago"
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}", shown)


def coarse(seconds: float) -> str:
    """One number and its unit."""
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            whole = int(seconds // unit)
            return f"{whole} {'day' if (name, whole) == ('days', 1) else name}"
    return f"{seconds:.0f} s"


@register.filter
def state(word: str) -> SafeString:
    """A state as a tag: its sign, the word, its colour."""
    shown = "waiting" if word == "ready" else word
    return format_html(
        '<span class="state state-{}"><span aria-hidden="true">{}</span> {}</span>',
        shown.replace(" ", "-"),
        SIGNS.get(word, "○"),
        shown,
    )


@register.filter
def sign(word: str) -> str:
    return SIGNS.get(word, "○")


@register.filter
def kind(word: str) -> str:
    """What a job does, as its title begins."""
    return KINDS.get(word, word.replace("_", " ").capitalize())


@register.filter
def label(field: str) -> str:
    """What the form calls a field of guesses."""
    return LABELS.get(field, field.replace("_", " ").capitalize())
