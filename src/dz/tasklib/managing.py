"""A management command of a project: its output in the job's log, its answer behind a marker for the platform.

Builds (collectstatic) and appservers (hooks) run them the same way, each in a box of its own making.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dz.seams.sandbox import Box
from dz.tasklib.build.verdict import KEEP, HookResult, hook_error, hook_result
from dz.tasklib.context import Context


def manage(ctx: Context, box: Box, marker: str, *, root: Path, deadline: float) -> HookResult:
    """Run it to its end, ``deadline`` seconds at most; ``root`` is the folder of the project's code.

    Raises UserError as ``verdict`` says.
    """
    finished = ctx.seams.sandbox.run(
        box, deadline=deadline, on_output=hiding(ctx, marker), cancelled=ctx.stop, keep=KEEP
    )
    result = hook_result(finished.output, marker, code=finished.code)
    if not result.ok:
        raise hook_error(result, root)
    return result


def hiding(ctx: Context, marker: str) -> Callable[[bytes], None]:
    """Output to the job's log up to the answer behind the marker, which is for the platform."""
    needle, seen = marker.encode(), bytearray()
    done = False

    def take(piece: bytes) -> None:
        nonlocal done, seen
        if done:
            return
        seen += piece
        before, found, _ = bytes(seen).partition(needle)
        done = bool(found)
        held = 0 if done else _begun(bytes(seen), needle)
        shown = before[: len(before) - held]
        if shown:
            ctx.log.output(shown)
        seen = seen[len(shown) :]

    return take


def _begun(text: bytes, needle: bytes) -> int:
    """How many of the last bytes may be the marker's first."""
    return next((n for n in range(min(len(needle) - 1, len(text)), 0, -1) if needle.startswith(text[-n:])), 0)
