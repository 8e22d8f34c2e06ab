"""What a project's front ends make, beside its code: built in the sandbox as the project, with the registry in reach.

The same sources are built once. A front end that cannot be built is a warning and the build goes on without: whether
the site does is proved as everything else is. Where visitors have one now, it is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Self

from dz.errors import Cancelled, PlatformError, UserError
from dz.plain import plain
from dz.run import DeadlinePassed, Finished
from dz.seams.sandbox import Box, Limits, Network
from dz.seams.sandbox.indexes import of_this_host
from dz.tasklib.build import disk, node
from dz.tasklib.build.desk import Build
from dz.tasklib.build.downloading import cause
from dz.tasklib.build.lingering import Lingering
from dz.tasklib.build.made import content_of, key_of, overlaid, taken
from dz.tasklib.build.node import ASK, OF_LOCK, Asked, Node, answered, commands
from dz.tasklib.folders import clear, fresh, passable, renewed

ROOM = 1_500_000_000  # bytes that must be free before packages are installed
KEPT = 2_000_000_000  # bytes of a project's downloads at most
# V8 keeps addresses around each WebAssembly memory to itself.
LIMITS = Limits(memory=6 * 1024**3, reserved=256 * 1024**3, processes=512, files=16_384)
PUBLIC = re.compile(r"(VITE|REACT_APP|VUE_APP|NEXT_PUBLIC|PUBLIC)_\w+")  # bundlers write these into what visitors load
SECONDS = 900.0
MODULES = "node_modules"  # in a path of the build config: what Django serves of installed packages
# webpack before 5 takes a hash that OpenSSL 3 keeps apart.
_OLD_HASH = re.compile(r"ERR_OSSL_EVP_UNSUPPORTED|error:0308010C")
_TOO_OLD = re.compile(r"engine \"node\" is incompatible|EBADENGINE|ERR_PNPM_UNSUPPORTED_ENGINE")
_ERROR = re.compile(r"(npm )?\W*\w*error\b\W", re.IGNORECASE)
# Of the shell that runs a script, and of make. What a package of npm brings is no program of the system's.
_LACKS = re.compile(
    r"^(?:[\w/]{0,40}sh: (?:line )?(?:[0-9]{1,6}: )?([\w.+-]{1,40}): (?:command )?not found"
    r"|make(?:\[[0-9]{1,3}\])?: ([\w.+-]{1,40}): No such file or directory)$",
    re.MULTILINE,
)
_OF_THE_SYSTEM = frozenset(
    (
        *("bash", "bundle", "cargo", "cc", "cmake", "compass", "curl", "envsubst", "g++", "gcc", "git", "go", "java"),
        *("jq", "make", "perl", "php", "pip", "pip3", "python", "python2", "python3", "rsync", "ruby", "unzip", "uv"),
        *("wget", "zip"),
    )
)
_ABOUT = re.compile(r"complete log of this run|npm error (code|path|command|workspace|location)|^npm error\s*$")


@dataclass(frozen=True, slots=True)
class FrontEnds:
    """The two things that the key ``front_ends`` names. ``built``: folders with a package.json whose build script is
    run; ``served``: folders of packages as they are installed, which Django serves."""

    built: tuple[str, ...]
    served: tuple[str, ...]

    @classmethod
    def of(cls, paths: Sequence[str]) -> Self:
        served = tuple(one for one in paths if MODULES in one.split("/"))
        return cls(built=tuple(one for one in paths if one not in served), served=served)

    @property
    def packages(self) -> dict[str, bool]:
        """The folders with a package.json, and whether they are built: where Django only serves packages, installing
        them is all."""
        above = [one.split("/") for one in self.served]
        installed = {"/".join(one[: one.index(MODULES)]) or ".": False for one in above}
        return installed | dict.fromkeys(self.built, True)


def with_front_ends(build: Build) -> Build:
    """The same build, its tree the code with what its front ends make."""
    if not build.config.front_ends:
        return build
    try:
        key = _made(build)
    except (UserError, DeadlinePassed) as failed:
        error = failed if isinstance(failed, UserError) else _too_long(build, failed)
        live = build.ctx.door.live_build()
        if live is not None and live[1].manifest.get("front_end"):
            raise error from None
        build.ctx.log.note(f"{error.brief} The site goes on without it. {error.next}", level="warning")
        return replace(build, incomplete=True)
    made = _work(build) / "made" / key
    tree = overlaid(build.tree, made, _work(build) / "tree")
    return replace(build, tree=tree, front_end=f"{key} {content_of(made)}")


def _too_long(build: Build, failed: DeadlinePassed) -> UserError:
    found = FrontEnds.of(build.config.front_ends).packages
    minutes = f"it did not end within {failed.seconds / 60:.0f} minutes"
    return _failed(", ".join(found), minutes, has_script=any(found.values()))


def _failed(folder: str, reason: str, *, has_script: bool) -> UserError:
    return UserError(f"build.front-end-{'failed' if has_script else 'packages'}", folder=folder, reason=reason)


def _made(build: Build) -> str:
    """The key of the folder in ``made``, built if it is not there yet."""
    ctx, made, paths = build.ctx, _work(build) / "made", build.config.front_ends
    found = FrontEnds.of(paths)
    usual = _node(", ".join(found.packages), lambda: node.usual(ctx))
    told = sorted(f"{name}={value}" for name, value in _public(build).items())
    key = key_of(build.tree, paths, usual.version, *told)
    if (made / key).is_dir() and not ctx.params.get("rebuild"):
        ctx.log.note("front end unchanged: what an earlier build made is used")
        return key
    disk.require(build.folders.home, ROOM, host=ctx.host)
    source = _lay(build)
    try:
        for one, has_script in found.packages.items():
            _build(build, usual, source, one, has_script=has_script)
        taken(source, build.tree, fresh(_work(build) / "coming"), served=found.served).rename(fresh(made) / key)
    finally:
        _leave(_work(build) / "box")
    return key


def _node(folder: str, get: Callable[[], Node]) -> Node:
    try:
        return get()
    except PlatformError as error:
        raise UserError("build.node-missing", folder=folder, reason=cause(error).rstrip(".")) from error


def _work(build: Build) -> Path:
    return build.work / "front"


def _public(build: Build) -> dict[str, str]:
    return {name: value.reveal() for name, value in build.release.environment.items() if PUBLIC.fullmatch(name)}


def _lay(build: Build) -> Path:
    """The project's own copy of its code; what it downloaded the time before stays beside it."""
    passable(_work(build))
    box = renewed(_work(build) / "box", keep="cache")
    for name in ("home", "cache"):
        (box / name).mkdir(exist_ok=True)
    disk.copy(build.tree, box / "src")
    build.ctx.seams.sandbox.own(box, build.project.app_id)
    return box / "src"


def _leave(box: Path) -> None:
    """Only what the next build need not download again, where that is not too much."""
    renewed(box, keep="cache")
    if disk.used(box) > KEPT:
        clear(box)


def _build(build: Build, usual: Node, source: Path, folder: str, *, has_script: bool) -> None:
    ctx, cwd = build.ctx, source / folder
    said = _run(build, usual, [usual.program, "-e", ASK, "--", *OF_LOCK], cwd, network=Network.NONE)
    asked = answered(said.output) if said.ok else None
    if asked is None:
        raise _failed(folder, "its package.json cannot be read", has_script=has_script)
    given = _node(folder, lambda: node.chosen(ctx, usual, asked.node))
    done = _installed(build, given, asked, cwd)
    if not done.ok and _TOO_OLD.search(done.text) and given.major < node.NEWEST:
        given = _node(folder, lambda: node.bring(ctx, node.NEWEST))
        done = _installed(build, given, asked, cwd)
    _need(done, folder, has_script=has_script)
    if not has_script:
        return
    with ctx.part("Build the front end"):
        env = {"NODE_ENV": "production", **_public(build)}
        for argv in commands(given, asked)[1]:
            done = _ended(build, given, argv, cwd, env)
            if not done.ok and _OLD_HASH.search(done.text):
                ctx.log.note("it was made for Node 16 or before, and is built with the hash functions of those")
                done = _ended(build, given, argv, cwd, env | {"NODE_OPTIONS": "--openssl-legacy-provider"})
            _need(done, folder, has_script=True)


def _installed(build: Build, given: Node, asked: Asked, cwd: Path) -> Finished:
    with build.ctx.part(f"Install the front end's packages with Node {given.version.lstrip('v')}"):
        return _run(build, given, commands(given, asked)[0], cwd)


def _ended(build: Build, given: Node, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Finished:
    """A build by its end, or by its own word where it has none."""
    watch = Lingering(build.ctx.stop, build.ctx.log.output)
    try:
        return _run(build, given, argv, cwd, env, watch=watch)
    except Cancelled:
        if not watch.over:
            raise
        build.ctx.log.note("it says that it is done and does not end: it was ended", level="warning")
        return Finished(0, b"", 0.0)


def _run(
    build: Build,
    with_node: Node,
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    *,
    network: Network = Network.INDEX,
    watch: Lingering | None = None,
) -> Finished:
    ctx, box = build.ctx, _work(build) / "box"
    hears = watch.heard if watch else ctx.log.output
    return ctx.seams.sandbox.run(
        Box(
            argv=tuple(argv),
            app_id=build.project.app_id,
            cwd=cwd,
            read=with_node.installed_in,
            writable=(box,),
            env=_environment(box, with_node) | dict(env or {}),
            network=network,
            limits=LIMITS,
            kill_id=ctx.kill_id,
        ),
        deadline=ctx.left(SECONDS),
        on_output=hears if network is Network.INDEX else None,
        cancelled=watch.asked if watch else ctx.stop,
        keep=256 * 1024,
    )


def _environment(box: Path, with_node: Node) -> dict[str, str]:
    indexes = of_this_host()
    certificates = {"NODE_EXTRA_CA_CERTS": str(indexes.certificates)} if indexes.certificates else {}
    return certificates | {
        "PATH": f"{with_node.folder}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(box / "home"),
        "npm_config_cache": str(box / "cache"),
        "npm_config_registry": indexes.npm,
        "npm_config_update_notifier": "false",
    }


def _need(finished: Finished, folder: str, *, has_script: bool) -> None:
    if finished.ok:
        return
    said = plain(finished.text)
    if has_script and (program := lacking(said)):
        raise UserError("build.front-end-program", folder=folder, program=program)
    raise _failed(folder, reason(said), has_script=has_script)


def lacking(text: str) -> str:
    """The program of the system that a script calls and this host does not have, "" where it failed otherwise."""
    names = (found[1] or found[2] for found in _LACKS.finditer(text))
    return next((name for name in names if name in _OF_THE_SYSTEM), "")


def reason(text: str) -> str:
    """The line of all that was said that begins as an error does, with the next where it only announces it."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _ABOUT.search(line)]
    for line, after in pairwise([*lines, ""]):
        if _ERROR.match(line):
            return (f"{line} {after}" if line.endswith(":") else line)[:300].rstrip(".")
    return lines[-1][:300].rstrip(".") if lines else "it said nothing"
