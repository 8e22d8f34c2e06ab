"""Node for front ends: which one, and what is run in a folder with a package.json to build it.

The folder's own files are read in the sandbox, by Node itself (``ASK``); what it answers is checked here.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dz.seams.sandbox import Sandbox

# Without a version of its own a folder gets the manager that wrote its lock; the newest reads the locks of its past.
OF_LOCK = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm"}
ASK = """
const fs = require("fs"), read = (name) => (fs.existsSync(name) ? fs.readFileSync(name, "utf8") : "");
console.log(JSON.stringify({
  manager: String(JSON.parse(read("package.json")).packageManager || "").split("+")[0],
  locks: process.argv.slice(1).filter((name) => fs.existsSync(name)),
  berry: /^__metadata:/m.test(read("yarn.lock")),
}));
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """``folder`` holds node and npm."""

    folder: Path
    version: str

    @property
    def program(self) -> str:
        return str(self.folder / "node")

    @property
    def npm(self) -> str:
        return str(self.folder / "npm")

    @property
    def installed_in(self) -> tuple[Path, ...]:
        """What a box must be given to start it."""
        return () if self.folder.is_relative_to("/usr") else (self.folder.parent,)


class Asked(BaseModel):
    """What a folder says: ``manager`` like ``yarn@4.5.0``."""

    model_config = ConfigDict(frozen=True, strict=True)

    manager: str = Field(pattern=r"^(|(npm|yarn|pnpm)@\d[\w.-]{0,40})$")
    locks: list[str] = Field(max_length=len(OF_LOCK))
    berry: bool


def answered(output: bytes) -> Asked | None:
    """None for a package.json that is none."""
    try:
        return Asked.model_validate_json(output)
    except ValidationError:
        return None


def commands(node: Node, asked: Asked) -> tuple[list[str], list[str]]:
    """To install as locked, and to build. Other managers than npm come through npm."""
    named, _, version = asked.manager.partition("@")
    locks = [lock for lock in asked.locks if OF_LOCK.get(lock) == named] if named else asked.locks
    manager = named or (OF_LOCK.get(locks[0], "npm") if locks else "npm")
    if manager == "npm":
        return [node.npm, "ci" if locks else "install", "--no-audit", "--no-fund"], [node.npm, "run", "build"]
    berry = manager == "yarn" and (int(version.split(".")[0]) > 1 if version else asked.berry)
    package = "@yarnpkg/cli-dist" if berry else manager
    latest = {"@yarnpkg/cli-dist": "4", "yarn": "1", "pnpm": "10"}[package]
    words = [node.npm, "exec", "--yes", f"--package={package}@{version or latest}", "--", manager]
    frozen = ["--immutable" if berry else "--frozen-lockfile"] if locks else []
    return [*words, "install", *frozen], [*words, "run", "build"]


def of_host(sandbox: Sandbox) -> Path | None:
    """The folder of a node with its npm that a project's command can start."""
    found = shutil.which("node")
    if found is None:
        return None
    folder = Path(found).parent
    return folder if (folder / "npm").exists() and sandbox.starts(Path(found)) else None
