"""What every part of one build works with, and how a folder becomes a layer."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dz.tasklib.build import layers
from dz.tasklib.build.frames import Frames
from dz.tasklib.buildconfig import BuildConfig
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders
from dz.tasklib.records import Layer, Project, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What every part of one build needs."""

    ctx: Context
    project: Project
    release: Release
    config: BuildConfig
    tree: Path  # the checkout, or that and what its front ends make; nobody writes there
    folders: Folders
    packer: ThreadPoolExecutor  # layers are packed beside what the project itself takes its time for
    front_end: str = ""  # the keys of what its front ends were made from, and of what was made
    incomplete: bool = False  # a front end is not in it: the next build of the same tries again

    @property
    def work(self) -> Path:
        return self.folders.build(self.project.app_id)

    @property
    def code(self) -> str:
        """Names what is in ``tree``."""
        return named(self.release.commit, self.front_end)


def named(commit: str, front_end: str) -> str:
    """A commit's code with what its front ends made."""
    return " ".join(filter(None, (commit, front_end)))


def pack(build: Build, kind: str, key: str, folder: Path) -> Future[Layer]:
    """The layer of ``folder``, begun to be packed unless the store has one of the same key; nobody writes there till
    it is there."""
    known = build.ctx.door.find_layer(kind, key)
    if known is not None:
        return here(known)
    out = build.work / "out"
    out.mkdir(exist_ok=True, mode=0o700)
    anew = build.ctx.params.get("rebuild")
    frames = (
        Frames(build.folders.home, build.folders.cache / "packed" / layers.PACKED_BY)
        if kind == "env" and not anew
        else None
    )
    return build.packer.submit(layers.pack, folder, kind=kind, key=key, into=out, frames=frames)


def here(layer: Layer) -> Future[Layer]:
    """One that need not be packed."""
    future: Future[Layer] = Future()
    future.set_result(layer)
    return future
