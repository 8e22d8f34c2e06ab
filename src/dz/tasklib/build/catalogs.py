"""Translations of which the repository has only the sources (.po): Django reads what is compiled of them (.mo), and
most lists of what is not committed name ``*.mo``. Without it a site speaks the language of its code, and says nothing.

They are compiled as they are checked out, so that a commit's files are the same on every host. What can't be compiled
is told and left as it is.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath

from dz.run import DeadlinePassed
from dz.seams.sandbox import Limits, Sandbox
from dz.tasklib.context import JobLog
from dz.tasklib.ourbox import our_box

MOST = 1000
LONGEST = 60.0  # seconds; a hundred languages take one
MOST_OUT = 40 * 1024 * 1024  # bytes of the answer, see ``compiling.MOST``
SAID = 8000  # bytes of what went wrong that are kept
LIMITS = Limits(memory=1024 * 1024 * 1024, processes=32, file_size=1024)


def without_compiled(names: Collection[str]) -> tuple[str, ...]:
    """Those of a repository's files that are catalogs and have nothing compiled beside them."""
    there = set(names)
    found = (one for one in names if one.endswith(".po") and "LC_MESSAGES" in PurePosixPath(one).parts[:-1])
    return tuple(one for one in found if _compiled(one) not in there)[:MOST]


def complete(
    sandbox: Sandbox,
    tree: Path,
    names: Sequence[str],
    *,
    log: JobLog,
    deadline: float,
    stop: Callable[[], bool] | None = None,
) -> None:
    """Lay what is compiled of these catalogs beside them; nobody else writes in the tree. ``deadline``: seconds."""
    found = _made(sandbox, tree, names, log=log, deadline=deadline, stop=stop)
    if found is None:
        log.note(f"{_shown(names)} not compiled, and not used: it took too long, or too much", level="warning")
        return
    made = [name for name, content in found.items() if _write(tree, _compiled(name), content)]
    if made:
        log.note(f"{_shown(made)} compiled: the repository has only the sources")
    if failed := [name for name in names if name not in made]:
        log.note(f"{_shown(failed)} not compiled, and not used: Django could not read them", level="warning")


def _made(
    sandbox: Sandbox,
    tree: Path,
    names: Sequence[str],
    *,
    log: JobLog,
    deadline: float,
    stop: Callable[[], bool] | None,
) -> dict[str, bytes] | None:
    """What is compiled of each; None where that came to no end."""
    box = our_box("dz.tasklib.build.compiling", tree, app_id=None, limits=LIMITS)
    said = bytearray()
    try:
        ran = sandbox.run(
            box,
            deadline=min(deadline, LONGEST),
            stdin=json.dumps(names).encode(),
            cancelled=stop,
            keep=MOST_OUT,
            stderr_to=lambda piece: said.extend(piece[: max(0, SAID - len(said))]),
        )
    except DeadlinePassed:
        return None
    log.output(bytes(said))
    return _read(ran.output, names) if ran.ok else None


def _read(output: bytes, asked: Iterable[str]) -> dict[str, bytes] | None:
    """Of the answer what was asked for; None where it is none."""
    try:
        made = json.loads(output)["made"]
        return {name: base64.b64decode(made[name], validate=True) for name in asked if name in made}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _compiled(name: str) -> str:
    return f"{name.removesuffix('.po')}.mo"


def _shown(names: Sequence[str]) -> str:
    first, more = names[0], len(names) - 1
    others = f" and {more} {'other' if more == 1 else 'others'}" if more else ""
    return f"{first}{others} {'are' if more else 'is'}"


def _write(tree: Path, name: str, content: bytes) -> bool:
    """A new file below folders that are no links; False where something else has its name, as a link."""
    path = PurePosixPath(name)
    folder = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in path.parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        descriptor = os.open(path.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        return True
    except FileExistsError:
        return False
    finally:
        os.close(folder)
