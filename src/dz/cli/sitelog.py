"""``dz logs NAME``: the end of what a site's processes wrote, and what comes.

Every line has a number, so ``-f`` reads on where it was: whatever happens to the connection or the platform, no line is
lost or doubled, and what is not kept any more is counted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import select
import time
from typing import Any

from dz.cli import servicelog
from dz.cli.client import Api, Unreachable
from dz.cli.ending import DONE
from dz.cli.following import LOST, WAIT, Document
from dz.cli.screen import Screen
from dz.errors import UserError
from dz.typed import typed
from dz.words import duration

LAST = 100  # lines shown where nobody says how many
PAGE = 2000
COLOURS = {"error": "bad", "critical": "bad", "warning": "warn"}


def logs(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """Lines on stdout; with ``--json`` one object per line. ``-f`` ends by Ctrl-C, with 0."""
    if bool(args.service) == bool(args.name):
        raise UserError("cli.usage", detail="Give a project's name, or --service and a service's", command="logs")
    if args.service:
        return _of_service(args, screen)
    wanted = {name: getattr(args, name) for name in ("process", "since", "level", "release", "search")}
    reader = _Reader(args, api, screen, wanted)
    try:
        shown = reader.begin()
        if not shown and not args.follow:
            screen.say(f"{args.name} wrote nothing{' of that kind' if any(wanted.values()) else ' yet'}.")
            if args.process:
                screen.say(typed(f"Its processes: dz ps {args.name}"))
        while args.follow:
            _is_read(screen)
            reader.more()
    except KeyboardInterrupt:
        pass
    return DONE, None


def _of_service(args: argparse.Namespace, screen: Screen) -> tuple[int, Any]:
    with contextlib.suppress(KeyboardInterrupt):
        servicelog.show(args.service, count=args.n or LAST, follow=args.follow, as_json=args.json, screen=screen)
    return DONE, None


def _is_read(screen: Screen) -> None:
    """Raises BrokenPipeError once nobody reads what is written: a quiet site writes nothing that would tell."""
    asked = select.poll()
    asked.register(screen.out, 0)  # nothing but its end
    if asked.poll(0):
        raise BrokenPipeError


class _Reader:
    """Where the log was read to."""

    def __init__(self, args: argparse.Namespace, api: Api, screen: Screen, wanted: Document) -> None:
        self._args = args
        self._api = api
        self._screen = screen
        self._wanted = wanted
        self._after = 0

    def begin(self) -> int:
        """The last lines, or all since a time; returns how many the site itself wrote."""
        wanted = self._args.n or (None if self._wanted["since"] else LAST)
        if wanted is not None and wanted <= PAGE:
            return self._show(self._ask(limit=wanted))
        lines: list[Document] = []
        page = self._ask(after=0, limit=PAGE)
        while True:
            lines = [*lines, *page["lines"]][-(wanted or 0) :]
            if not page["more"]:
                break
            page = self._ask(after=page["after"], limit=PAGE)
        return self._show(page | {"lines": lines, "gone": 0})

    def more(self) -> None:
        """Wait for what comes. A lost connection is tried again until it is back, and then it is said what it cost."""
        lost: float | None = None
        while True:
            try:
                page = self._ask(after=self._after, limit=PAGE, wait=WAIT)
                break
            except Unreachable:
                lost = time.monotonic() if lost is None else lost
                if time.monotonic() - lost > LOST:
                    raise
                time.sleep(0.5)
        if lost is not None or page["gone"]:
            self._tell_missing(lost, page["gone"])
        self._show(page)

    def _ask(self, **more: Any) -> Document:
        found: Document = self._api.get(f"/projects/{self._args.name}/logs", **self._wanted, **more)
        return found

    def _show(self, page: Document) -> int:
        lines = page["lines"]
        if self._wanted["process"] and not self._args.follow and all(line["mark"] for line in lines):
            lines = []  # a mark is no line of that process
        for line in lines:
            self._screen.answer(json.dumps(line, ensure_ascii=False) if self._args.json else self._line(line))
        self._after = page["after"]
        return sum(not line["mark"] for line in lines)

    def _tell_missing(self, lost: float | None, gone: int) -> None:
        seconds = round(time.monotonic() - lost) if lost is not None else 0
        away = f"connection lost for {f'{seconds} s' if seconds < 60 else duration(seconds)}; " if lost else ""
        missing = f"{gone:,} lines are not kept any more" if gone else "nothing is missing"
        self._screen.say(f"-------- {away}{missing} --------")

    def _line(self, line: Document) -> str:
        if line["mark"]:
            return self._screen.paint(f"-------- {line['text']} --------", "strong", out=True)
        host = f"  {line['host']:<10}" if self._screen.width >= 60 else ""
        text = (
            self._screen.paint(line["text"], COLOURS[line["level"]], out=True)
            if line["level"] in COLOURS
            else line["text"]
        )
        return f"{line['at'][11:19]} {line['process']:<9}{host}  {text}"
