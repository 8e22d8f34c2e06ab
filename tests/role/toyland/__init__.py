"""A copy of the source whose jobs are toys, for real workers, dispatchers and brokers; and whose guards can be removed.

Only what the toys stand for is exchanged: the list of jobs, reconcile, and the sandbox. Everything that is tested here
(engine, runner, lease, dispatcher, Celery) is the real source, or the real source without the one guard named.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.postgres import SRC

TOYS = Path(__file__).parent
# toy file → what it takes the place of
EXCHANGED = {
    "toy_jobs.py": "dz/tasklib/jobs.py",
    "toy_reconcile.py": "dz/tasklib/reconcile.py",
    "toy_ladder.py": "dz/seams/sandbox/ladder.py",
}


def lay(folder: Path, removed: Mapping[str, list[tuple[str, str]]] | None = None) -> Path:
    """The source under ``folder``; ``removed``: file → pairs of a text that must be there and what stands instead."""
    shutil.copytree(SRC, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for toy, place in EXCHANGED.items():
        shutil.copyfile(TOYS / toy, folder / place)
    for file, guards in (removed or {}).items():
        for old, new in guards:
            text = (folder / file).read_text()
            assert old in text, f"{file} does not hold {old!r} any more"
            (folder / file).write_text(text.replace(old, new))
    return folder
