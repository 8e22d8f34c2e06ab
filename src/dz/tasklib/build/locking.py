"""What is installed: resolved inside the sandbox, read as data, and written again by us.

uv runs inside, with a cache of the project's own, and answers with a ``pylock.toml`` (PEP 751). Of it only names,
versions and hashes are taken; what has no wheel for this interpreter is built to one, inside too. So nothing that a
repository wrote ever reaches the installer outside but ``name==version --hash=...``.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from dz.errors import PlatformError, UserError
from dz.seams.sandbox import Box, Network
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.context import Context, kill_id

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HASH = re.compile(r"[0-9a-f]{64}")
MOST = 2_000  # packages
ANSWER = 8 * 1024 * 1024  # bytes of a lock


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Pinned:
    """One distribution. ``hashes``: sha256 of its usable wheels; none: it is built from ``source``."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()
    source: str = ""

    @property
    def line(self) -> str:
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{h}" for h in self.hashes)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The folder of one project in which uv works inside: its cache, inputs, wheels; all of it the project's own."""

    ctx: Context
    folder: Path
    uv: Path
    python: Interpreter
    tree: Path
    project: Any  # AppId

    def inside(self, *words: str, stdin: bytes = b"", cwd: Path | None = None) -> tuple[int, bytes, bytes]:
        """Exit code, stdout, stderr of uv in the sandbox, with the package indexes in reach and nothing else."""
        said = bytearray()
        box = Box(
            argv=(str(self.uv), *words, "--cache-dir", str(self.folder / "cache"), "--no-progress"),
            app_id=self.project,
            cwd=cwd or self.folder,
            read=(self.tree, *_installation(self.python.path)),
            writable=(self.folder,),
            env={"UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1", "HOME": str(self.folder)},
            network=Network.INDEX,
            kill_id=kill_id(self.ctx.step_id),
        )
        finished = self.ctx.seams.sandbox.run(
            box,
            deadline=self.ctx.left(600),
            stdin=stdin,
            cancelled=self.ctx.stop,
            keep=ANSWER,
            stderr_to=lambda piece: _take(self.ctx, said, piece),
        )
        return finished.code, finished.output, bytes(said)


def lock(
    room: Room, *, installer: str, files: Sequence[str], root: str, additions: Sequence[str]
) -> tuple[Pinned, ...]:
    """Resolve ``files`` (relative to the tree) and the platform's own ``additions`` together.

    Raises UserError build.resolve-failed with the resolver's reason.
    """
    more = room.folder / "platform.in"
    base = room.tree / root
    if installer == "uv" and (base / "uv.lock").is_file():
        room.folder.joinpath("project.in").write_bytes(_exported(room, base))
        inputs = [str(room.folder / "project.in")]
    else:
        inputs = [str(room.tree / file) for file in files]
    more.write_text("\n".join(additions) + "\n")
    room.ctx.seams.sandbox.own(room.folder, room.project)
    words = ["pip", "compile", "--format", "pylock.toml", "--generate-hashes", "--no-header", "-q"]
    code, answer, said = room.inside(*words, "--python", str(room.python.path), *inputs, str(more), cwd=base)
    if code != 0:
        raise UserError("build.resolve-failed", where=", ".join(files), reason=_reason(said))
    return parse(answer, room.python)


def build_missing(room: Room, pins: Sequence[Pinned]) -> tuple[tuple[Pinned, ...], Path]:
    """Pins whose wheels all have hashes, those without built inside first, and the folder of the built ones."""
    wheels = room.folder / "wheels"
    ready = []
    for pin in pins:
        if pin.hashes:
            ready.append(pin)
            continue
        with room.ctx.part(f"Build {pin.name} {pin.version}"):
            ready.append(_built(room, pin, wheels))
    return tuple(ready), wheels


def parse(answer: bytes, python: Interpreter) -> tuple[Pinned, ...]:
    """A pylock.toml as pins for that interpreter. Raises PlatformError for what is no such file."""
    try:
        packages = tomllib.loads(answer.decode())["packages"]
    except (ValueError, KeyError, TypeError) as error:
        raise PlatformError(f"the resolver's answer can't be read: {error}") from error
    tags = usable_tags(python)
    found = [_pin(entry, tags) for entry in packages[:MOST] if _applies(entry, python)]
    return tuple(sorted({pin.name: pin for pin in found}.values()))


def usable_tags(python: Interpreter) -> frozenset[Tag]:
    version = (python.version.major, python.version.minor)
    name = f"cp{version[0]}{version[1]}"
    return frozenset((*cpython_tags(version), *compatible_tags(version, interpreter=name)))


def _pin(entry: Mapping[str, Any], tags: frozenset[Tag]) -> Pinned:
    name = canonicalize_name(str(entry.get("name", "")))
    if not _NAME.fullmatch(name):
        raise PlatformError(f"the resolver named no package: {name[:80]!r}")
    version = _version(str(entry.get("version", "0")))
    hashes = [
        str(wheel.get("hashes", {}).get("sha256", ""))
        for wheel in entry.get("wheels", ())
        if _fits(str(wheel.get("name") or wheel.get("url", "")).rsplit("/", 1)[-1], tags)
    ]
    good = tuple(sorted(h for h in hashes if _HASH.fullmatch(h)))
    return Pinned(name=name, version=version, hashes=good, source="" if good else _source(entry, name, version))


def _source(entry: Mapping[str, Any], name: str, version: str) -> str:
    """What pip is told to build: only ever read inside the sandbox."""
    if "vcs" in entry:
        vcs = entry["vcs"]
        where = f"#subdirectory={vcs['subdirectory']}" if vcs.get("subdirectory") else ""
        return f"{name} @ {vcs.get('type', 'git')}+{vcs.get('url')}@{vcs.get('commit-id')}{where}"
    if "directory" in entry:
        return str(entry["directory"].get("path", ""))
    if "archive" in entry:
        archive = entry["archive"]
        return str(archive.get("url") or archive.get("path", ""))
    return f"{name}=={version}"


def _version(text: str) -> str:
    try:
        return str(Version(text))
    except InvalidVersion as error:
        raise PlatformError(f"the resolver gave no version: {text[:80]!r}") from error


def _fits(filename: str, tags: frozenset[Tag]) -> bool:
    try:
        return not tags.isdisjoint(parse_wheel_filename(filename.split("#", maxsplit=1)[0].replace("%2B", "+"))[3])
    except (InvalidWheelFilename, InvalidVersion):
        return False


def _applies(entry: Mapping[str, Any], python: Interpreter) -> bool:
    if not entry.get("marker"):
        return True
    version = {"python_version": str(python.series), "python_full_version": str(python.version)}
    try:
        return Marker(str(entry["marker"])).evaluate(version)
    except InvalidMarker:
        return True


def _exported(room: Room, base: Path) -> bytes:
    """A uv.lock as requirements with hashes: uv's own export, of a copy that the project may write to."""
    copy = room.folder / "uvproject"
    copy.mkdir(exist_ok=True)
    for name in ("uv.lock", "pyproject.toml", "README.md"):
        if (base / name).is_file() and not (base / name).is_symlink():
            (copy / name).write_bytes((base / name).read_bytes())
    room.ctx.seams.sandbox.own(room.folder, room.project)
    words = ["export", "--frozen", "--no-dev", "--no-emit-project", "--no-header", "-q", "--project", str(copy)]
    code, answer, said = room.inside(*words, "--python", str(room.python.path))
    if code != 0:
        raise UserError("build.resolve-failed", where="uv.lock", reason=_reason(said))
    return answer


def _built(room: Room, pin: Pinned, wheels: Path) -> Pinned:
    before = set(wheels.glob("*.whl")) if wheels.exists() else set()
    words = ["run", "--no-project", "--isolated", "--with", "pip", "--with", "setuptools<81", "--with", "wheel"]
    pip = ["python", "-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "--wheel-dir", str(wheels), pin.source]
    code, _, said = room.inside(*words, "--python", str(room.python.path), "--", *pip, cwd=room.tree)
    made = [w for w in wheels.glob("*.whl") if w not in before or _named(w, pin.name)] if wheels.exists() else []
    mine = [w for w in made if _named(w, pin.name)]
    if code != 0 or not mine:
        raise UserError("build.wheel-failed", where=f"{pin.name}=={pin.version}", name=pin.name, reason=_reason(said))
    wheel = mine[0]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return replace(pin, version=str(parse_wheel_filename(wheel.name)[1]), hashes=(digest,), source="")


def _named(wheel: Path, name: str) -> bool:
    try:
        return parse_wheel_filename(wheel.name)[0] == name and not wheel.is_symlink()
    except (InvalidWheelFilename, InvalidVersion):
        return False


def _installation(python: Path) -> tuple[Path, ...]:
    from dz.seams.sandbox.interpreter import installed_in

    return installed_in(python)


def _take(ctx: Context, said: bytearray, piece: bytes) -> None:
    if len(said) < ANSWER:
        said += piece
    ctx.log.output(piece)


def _reason(said: bytes) -> str:
    """uv's explanation as one line: without its drawing and colours, cut at a length one can read."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", said.decode(errors="replace"))
    lines = [re.sub(r"^[\s×│╰├─▶]+", "", line).strip() for line in text.splitlines()]
    told = " ".join(line for line in lines if line and not line.startswith(("warning:", "hint:")))
    return told.removeprefix("No solution found when resolving dependencies: ")[-600:].rstrip(".") or "no reason given"
