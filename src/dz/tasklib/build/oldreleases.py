"""Releases of old times that uv's reader refuses and pip's takes: for their archive (PyPDF2 1.26.0 has such a one), for
what they say that they need (``pytz (>=2011k)``, as pandas did until 0.24), or because all there is of them is a
``.tar.bz2`` (Twisted until 20.3): pip tells what it is, and what has no wheel is built like all such.

Promise: only releases that uv named are asked for, each once; what their build scripts say is taken as lines
of requirements.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from dz.plain import plain
from dz.run import Finished
from dz.tasklib.build.bench import Bench

MOST = 4  # releases of one project
# From 24.1 on it takes no requirement that PEP 440 does not; on a Python without distutils an older one does not run.
# From 26.3 on it takes no release that has an address among its needs, though it were an extra's that nobody asks for.
PIP = ("pip<26.3 ; python_version >= '3.12'", "pip<24.1 ; python_version < '3.12'")
_REFUSED = re.compile(
    r"(?:Failed to extract archive: |Metadata for `)([A-Za-z0-9][\w.-]*)(?:==|` \(v)([\w.!+-]+)"
    r"(?:$|\) could not be parsed)",
    re.MULTILINE,
)
_OTHER_ARCHIVE = re.compile(
    r"(?<![\w.-])([A-Za-z0-9][\w.-]{0,200})==([\w.!+-]{1,100}) has a non-PEP 625-compliant source distribution"
)
_NEEDS = """\
import email, glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
name = [one for one in wheel.namelist() if one.endswith(".dist-info/METADATA")][0]
print("\\n".join(email.message_from_string(wheel.read(name).decode()).get_all("Requires-Dist", [])))
"""


def answered(bench: Bench, known: str, ask: Callable[[], tuple[Finished, str]]) -> tuple[Finished, str]:
    """What uv answers when pip has told what it could not learn. ``known``: what known.toml says so far."""
    asked: list[tuple[str, str]] = []
    wheels: list[str] = []
    finished, said = ask()
    while not finished.ok and len(asked) < MOST:
        words = plain(said)
        refused, other = _REFUSED.search(words), _OTHER_ARCHIVE.search(words)
        found = refused or other
        if found is None or (found[1], found[2]) in asked:
            break
        name, version = found[1], found[2]
        asked.append((name, version))
        folder = bench.box / "unpacked" / f"{name}=={version}"
        needs = _needs(bench, f"{name}=={version}", folder)
        if needs is None:
            break
        bench.log.note(f"{name}=={version} is of old times: pip reads it")
        known += f"[[dependency-metadata]]\nname = {json.dumps(name)}\nversion = {json.dumps(version)}\n"
        known += f"requires-dist = {_toml(needs)}\n"
        if not refused:  # uv takes it for a release of which there is nothing
            wheels.append(str(folder))
        bench.write("known.toml", f"find-links = {json.dumps(wheels)}\n{known}")
        finished, said = ask()
    return finished, said


def _toml(lines: list[str]) -> str:
    """TOML's strings are JSON's, but for what JSON writes as two halves."""
    return json.dumps(lines, ensure_ascii=False)


def pip_of(bench: Bench) -> Path:
    """pip in the box, for the project's Python. Raises UserError or Transient when it can't be had."""
    pip = bench.box / "pip"
    words: list[str | Path] = ["pip", "install", "--no-config", "--only-binary", ":all:", "--target", pip]
    finished, said = bench.inside([bench.uv(), *words, "--python", bench.python.path, *PIP], cwd=bench.box)
    if not finished.ok:
        raise bench.failure(said)
    return pip


def _needs(bench: Bench, release: str, folder: Path) -> list[str] | None:
    """Its requirement lines, its wheel laid in ``folder``; None where pip can't build it either."""
    words: list[str | Path] = [bench.python.path, pip_of(bench) / "pip", "wheel", "--no-deps", "--no-cache-dir"]
    built, _ = bench.inside([*words, "--quiet", "--use-pep517", "--wheel-dir", folder, "--", release])
    told, _ = bench.inside([bench.python.path, "-c", _NEEDS, folder]) if built.ok else (built, "")
    lines = told.output.decode(errors="replace").splitlines() if told.ok else []
    return [str(one) for line in lines if (one := _read(line)) is not None] if told.ok else None


def _read(line: str) -> Requirement | None:
    """None for what is no line, or leads to an address of its own; what only asks for a version as none is today may
    be any."""
    try:
        one = Requirement(plain(line))
    except InvalidRequirement:
        named = re.match(r"([A-Za-z0-9][\w.-]*) \([^;]*\)$", plain(line))
        return Requirement(named[1]) if named else None
    return None if one.url else one
