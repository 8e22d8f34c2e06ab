"""The service: ``python -m dz.push``, with DZ_PUSH_SOCKET, DZ_PUSH_FOLDER and DZ_PUSH_PANEL in its environment, and
DZ_PUSH_LIMIT where one is set."""

from __future__ import annotations

import os
from pathlib import Path

from dz.push.serving import LIMIT, Place, PushServer


def main() -> None:
    given = os.environ
    place = Place(
        folder=Path(given["DZ_PUSH_FOLDER"]),
        work=Path.cwd(),
        panel=given["DZ_PUSH_PANEL"].rstrip("/"),
        limit=int(given.get("DZ_PUSH_LIMIT") or LIMIT) * 1_000_000,
    )
    with PushServer(Path(given["DZ_PUSH_SOCKET"]), place) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
