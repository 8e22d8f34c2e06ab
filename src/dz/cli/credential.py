"""Git's credential helper for pushes: ``python -m dz.cli.credential get``, as ``dz git NAME`` writes it into a clone.

It tells the token of the platform that it was set up for, to that platform's address alone, and keeps nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from urllib.parse import urlsplit

from dz.cli.where import Server, find
from dz.errors import UserError


def answer(operation: str, asked: Iterable[str], server: Server) -> str:
    """What Git reads; "" where there is nothing for it."""
    facts = dict(line.rstrip("\n").split("=", 1) for line in asked if "=" in line)
    parts = urlsplit(server.url)
    ours = facts.get("protocol") == parts.scheme and facts.get("host") == parts.netloc
    return f"username=dz\npassword={server.token}\n" if operation == "get" and ours and server.token else ""


def main() -> int:
    try:
        sys.stdout.write(answer(sys.argv[1] if len(sys.argv) > 1 else "", sys.stdin, find(None)))
    except UserError as error:
        print(f"{error.brief} {error.next}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
