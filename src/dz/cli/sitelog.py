"""``dz logs NAME``: the end of what a site's processes wrote, and what comes.

The files lie on the appserver that runs the site, so this works on the platform's own machine; elsewhere it says so.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import deque
from pathlib import Path
from typing import Any

from dz.cli.client import Api
from dz.cli.ending import DONE
from dz.cli.screen import Screen
from dz.cli.where import home
from dz.errors import UserError

POLL = 0.3


def logs(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """Lines on stdout; with ``--json`` one object per line. ``-f`` ends by Ctrl-C, with 0."""
    if not api.server.socket:
        raise UserError("cli.elsewhere", name=args.name)
    project = api.get(f"/projects/{args.name}")
    running = api.get(f"/projects/{args.name}/processes")
    files = [
        _File(home() / "run" / project["app_id"] / "log" / f"{one['program']}.log", one["process"]) for one in running
    ]
    if not files:
        raise UserError("cli.not-live", name=args.name)
    for file in files:
        for line in file.tail(args.n):
            _write(args, screen, file.process, line)
    try:
        while args.follow:
            for file in files:
                for line in file.more():
                    _write(args, screen, file.process, line)
            time.sleep(POLL)
    except KeyboardInterrupt:
        pass
    return DONE, None


class _File:
    """One process's log, read on from where it was; a rotated one is begun again."""

    def __init__(self, path: Path, process: str) -> None:
        self.path = path
        self.process = process
        self._at = 0

    def tail(self, lines: int) -> list[str]:
        return list(deque(self.more(), maxlen=max(lines, 0)))

    def more(self) -> list[str]:
        try:
            with self.path.open("rb") as file:
                if file.seek(0, 2) < self._at:
                    self._at = 0
                file.seek(self._at)
                whole = file.read()
        except FileNotFoundError:
            return []
        except PermissionError:
            raise UserError("cli.not-yours", home=home()) from None
        complete = whole[: whole.rfind(b"\n") + 1]
        self._at += len(complete)
        return complete.decode(errors="replace").splitlines()


def _write(args: argparse.Namespace, screen: Screen, process: str, line: str) -> None:
    screen.answer(json.dumps({"process": process, "text": line}) if args.json else f"{process}  {line}")
