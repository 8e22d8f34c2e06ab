"""``dz broker setup`` (``python -m dz.tasks.declare [INSTANCE ...]``): declare every queue, those of the named
appservers too, so that workers with no right to declare find theirs. Done again it is harmless."""

from __future__ import annotations

import sys

from dz.tasks.celeryapp import BROKER_URL, app
from dz.tasks.queues import queues_of


def declare(broker_url: str, instances: list[str]) -> list[str]:
    """The names of the queues that are there now."""
    found = {q.name: q for instance in ("", *instances) for q in queues_of(instance, broker_url)}
    with app.connection_for_write() as connection, connection.channel() as channel:
        for queue in found.values():
            queue.bind(channel).declare()
    return sorted(found)


def main() -> None:
    for name in declare(BROKER_URL, sys.argv[1:]):
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
