"""What every part of one build works with, and how a folder becomes a layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dz.tasklib.build import layers
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
    tree: Path  # the checkout; nobody writes there
    folders: Folders

    @property
    def work(self) -> Path:
        return self.folders.build(self.project.app_id)


def pack(build: Build, kind: str, key: str, folder: Path) -> Layer:
    """The layer of ``folder``: packed unless the store has one of the same key."""
    ctx = build.ctx
    known = ctx.door.find_layer(kind, key)
    if known is not None:
        return known
    with ctx.part(f"Pack the {kind} layer"):
        out = build.work / "out"
        out.mkdir(exist_ok=True, mode=0o700)
        return layers.pack(folder, kind=kind, key=key, into=out)
