"""Text that a project wrote, made fit for somebody else's terminal: its words stay, what commands a terminal goes.

Gone are escape sequences of every kind (7-bit and 8-bit, complete or cut off), control characters, and the invisible
characters that reorder or hide a line. Newlines and tabs stay; ``coloured`` keeps colours too. One pass: what is left
never joins to a new sequence.
"""

from __future__ import annotations

import re

_COLOUR = r"\x1b\[[0-9;]{0,40}m"
_OTHER = (
    # Titles, clipboard, links. None reaches over the beginning of another: many of those would take the square of time.
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]{0,4000}(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # cursor, screen, questions that the terminal answers as if typed
    r"|\x1b[\]PX^_]"  # one of the first kind without an end: its words are shown
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    r"|[\ud800-\udfff\U000e0000-\U000e007f]"
)
_ALL = re.compile(_OTHER)
_ALL_BUT_COLOURS = re.compile(f"({_COLOUR})|{_OTHER}")


def plain(text: str) -> str:
    """Words, spaces and line ends."""
    return _ALL.sub("", text)


def coloured(text: str) -> str:
    """The same with its colours, which end with the text."""
    kept = _ALL_BUT_COLOURS.sub(lambda found: found[1] or "", text)
    last = kept.rfind("\x1b[")
    return kept if last < 0 or kept.startswith(("\x1b[0m", "\x1b[m"), last) else f"{kept}\x1b[0m"
