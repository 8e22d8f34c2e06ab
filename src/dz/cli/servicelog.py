"""``dz logs --service NAME``: what a service of this machine's platform wrote, also while the platform is down.

It is read from the file that supervisord writes (DZ_HOME/log), of which one rotation back is looked at too.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from pathlib import Path

from dz.cli.screen import Screen
from dz.cli.where import home
from dz.errors import UserError
from dz.words import listing

EVERY = 0.5  # seconds


def show(service: str, *, count: int, follow: bool, as_json: bool, screen: Screen) -> None:
    """The last lines; then what comes, until Ctrl-C. Raises ``cli.no-service``, ``cli.unreadable``."""
    file = _file(service)
    try:
        last, at = _last(file, count)
        _tell(screen, service, last, as_json)
        while follow:
            time.sleep(EVERY)
            lines, at = _more(file, at)
            _tell(screen, service, lines, as_json)
    except OSError as error:
        raise UserError("cli.unreadable", file=file, reason=error.strerror or "it is gone") from None


def _tell(screen: Screen, service: str, lines: list[str], as_json: bool) -> None:
    for line in lines:
        screen.answer(json.dumps({"service": service, "text": line}) if as_json else line)


def _file(service: str) -> Path:
    try:
        known = sorted(one.stem for one in (home() / "log").glob("*.log"))
    except OSError:
        known = []
    if not known:
        raise UserError("cli.no-platform", home=home())
    if service not in known:
        raise UserError("cli.no-service", service=repr(service[:40]), known=listing(known))
    return home() / "log" / f"{service}.log"


def _last(file: Path, count: int) -> tuple[list[str], tuple[int, int]]:
    """The last lines, and where they end: inode, offset."""
    older = file.with_name(f"{file.name}.1")
    lines: deque[str] = deque(maxlen=count)
    if older.exists():
        lines.extend(older.read_text(errors="replace").splitlines())
    with file.open("rb") as opened:
        text = opened.read()
        at = os.fstat(opened.fileno()).st_ino, len(text)
    lines.extend(text.decode(errors="replace").splitlines())
    return list(lines), at


def _more(file: Path, at: tuple[int, int]) -> tuple[list[str], tuple[int, int]]:
    """Whole lines since then; from the file's start where it is another one now."""
    with file.open("rb") as opened:
        inode = os.fstat(opened.fileno()).st_ino
        offset = at[1] if inode == at[0] and os.fstat(opened.fileno()).st_size >= at[1] else 0
        opened.seek(offset)
        whole = opened.read().rpartition(b"\n")
    text = whole[0] + whole[1]
    return text.decode(errors="replace").splitlines(), (inode, offset + len(text))
