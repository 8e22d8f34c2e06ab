"""What the platform adds to an environment, worked out from its own lines alone and kept for a day.

Nothing of a project has a part in it, so uv runs outside of the sandbox, as the installer does, and the answer is this
host's: the next project that lacks a server, a driver or setuptools has it without asking the index again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from dz.errors import UserError
from dz.run import DeadlinePassed, run
from dz.tasklib.build import locked
from dz.tasklib.build.bench import ANSWER, Bench
from dz.tasklib.build.installing import UV_CAPS
from dz.tasklib.build.locked import Requirement
from dz.tasklib.folders import keep_text

DAY = 24 * 3600.0  # seconds that an answer is kept: nobody misses a server's newest release for a day


def brought(bench: Bench, lines: Sequence[str], have: Mapping[str, str]) -> list[Requirement] | None:
    """Those lines and what they need; None where that can't be had, or not with the versions (name → version) that the
    project has of it."""
    kept = bench.cache / "brought" / f"{_key(bench, lines)}.json"
    found = _read(kept)
    if found is None:
        found = _resolved(bench, lines)
        if found is None:
            return None
        keep_text(kept, json.dumps([asdict(one) for one in found]))
    return found if all(have.get(one.name, one.version) == one.version for one in found) else None


def _resolved(bench: Bench, lines: Sequence[str]) -> list[Requirement] | None:
    argv: list[str | Path] = [bench.uv(), "pip", "compile", "--no-config", "--quiet", "--format", "pylock.toml"]
    argv += ["--no-header", "--only-binary", ":all:", "--python", bench.python.path, "--cache-dir", bench.cache / "uv"]
    try:
        finished = run(
            [*argv, "-"],
            deadline=bench.left(120),
            env={"UV_PYTHON_DOWNLOADS": "never", **bench.indexes.variables, **bench.settings},
            stdin="".join(f"{line}\n" for line in lines).encode(),
            cwd=bench.tools,
            cancelled=bench.stop,
            stderr_to=lambda _: None,
            keep=ANSWER,
            caps=UV_CAPS,
        )
        # What fails is asked for again with what the project has, and told there.
        return locked.read(finished.output, bench.python)[0] if finished.ok else None
    except (UserError, DeadlinePassed):
        return None


def _key(bench: Bench, lines: Sequence[str]) -> str:
    made_from = (sorted(lines), str(bench.python.version), bench.uv().name, bench.indexes.variables, bench.settings)
    return hashlib.sha256(repr(made_from).encode()).hexdigest()[:32]


def _read(kept: Path) -> list[Requirement] | None:
    try:
        if abs(time.time() - kept.stat().st_mtime) > DAY:  # the clock may have been ahead
            return None
        return [Requirement(**one | {"hashes": tuple(one["hashes"])}) for one in json.loads(kept.read_text())]
    except (OSError, ValueError, TypeError, KeyError):
        return None
