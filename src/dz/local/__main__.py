"""``python -m dz.local COMMAND``: what ``dz up``, ``down``, ``status``, ``doctor`` and the Makefile run."""

from __future__ import annotations

import argparse
import json
import sys
import time

from dz.errors import DzError, UserError
from dz.local.down import down
from dz.local.layout import Layout, default_home
from dz.local.up import up


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="dz", description="DjangoZoom on this machine.")
    commands = top.add_subparsers(dest="command", required=True)
    for name, words in COMMANDS.items():
        one = commands.add_parser(name, help=words)
        one.add_argument("--json", action="store_true")
        if name in ("up", "demo"):
            one.add_argument("--listen", default="", metavar="ADDRESS:PORT")
    return top


COMMANDS = {"up": "start everything", "down": "stop everything; data stays"}


def main() -> int:
    given = parser().parse_args()
    layout = Layout(default_home())
    try:
        if given.command == "up":
            began = time.monotonic()
            plan = up(layout, given.listen, lambda n, s, d: print(f" ✓ {n:18} {s:5.1f} s   {d}", file=sys.stderr))
            print(json.dumps({"url": plan.state.url, "seconds": round(time.monotonic() - began, 1)}))
        else:
            down(layout, lambda t: print(t, file=sys.stderr))
    except DzError as error:
        print(error, getattr(error, "next", ""), file=sys.stderr)
        return 1 if isinstance(error, UserError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
