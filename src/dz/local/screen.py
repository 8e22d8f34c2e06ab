"""What these commands print: marks that do without colour and UTF-8 where need be; sizes and times in words."""

from __future__ import annotations

import sys

LATIN = {"✓": "ok", "✗": "FAIL", "·": "-"}


class Screen:
    """The talk goes to stderr, the answer (``print``) to stdout."""

    def step(self, title: str, seconds: float, detail: str) -> None:
        self._say(f" ✓ {title:24} {seconds:5.1f} s   {detail}".rstrip())

    def failed(self, title: str, seconds: float) -> None:
        self._say(f" ✗ {title:24} {seconds:5.1f} s")

    def note(self, text: str) -> None:
        self._say(f"   {text}")

    def check(self, name: str, ok: bool, detail: str, mend: str) -> None:
        self._say(f" {'✓' if ok else '✗'} {name:10} {detail}")
        if mend:
            self._say(f"   {'Next':10} {mend}")

    def _say(self, text: str) -> None:
        encoding = (sys.stderr.encoding or "").lower()
        if "utf" not in encoding:
            for mark, plain in LATIN.items():
                text = text.replace(mark, plain)
        print(text, file=sys.stderr, flush=True)


def since(seconds: float) -> str:
    """``2 h 14 min``, ``41 s``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
