"""A program of the platform's own that reads what is a project's: in the sandbox, under the platform's interpreter."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import dz
from dz.names import AppId
from dz.seams.sandbox import Box, Limits, Network


def our_box(module: str, folder: Path, *words: str, app_id: AppId | None, limits: Limits, kill_id: str = "") -> Box:
    """``module`` is told the folder and these words; that, the interpreter, its libraries and ours are all that it may
    read, and it has no network."""
    places = [sys.prefix, sys.base_prefix, sysconfig.get_path("purelib"), str(Path(dz.__file__).parents[1])]
    return Box(
        argv=(sys.executable, "-I", "-B", "-X", "utf8", "-m", module, str(folder), *words),
        app_id=app_id,
        cwd=folder,
        read=tuple(Path(one) for one in dict.fromkeys([*places, str(folder)])),
        network=Network.NONE,
        limits=limits,
        kill_id=kill_id,
    )
