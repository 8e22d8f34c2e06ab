"""What the project says it depends on: every requirement of every file that declares some, with file and line.

This is evidence (which file, which Django, which services); what is installed is decided by the real resolver.
"""

from __future__ import annotations

import ast
import configparser
import contextlib
import difflib
import json
import re
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pip_requirements_parser import RequirementsFile

from dz.tasklib.build.inspect import code, conda
from dz.tasklib.build.inspect.pythons import poetry_range
from dz.tasklib.build.inspect.tree import Tree, folder_of, join

_NAMES = ("requirements.txt", "requirements.in", "requirement.txt", "reqs.txt", "deps.txt", "dependencies.txt")
_NESTED = re.compile(r"^[ \t]*(?:-r|--requirement)[\s=]*(\S+)", re.MULTILINE)
_NEW = {"python_version": "3.12", "python_full_version": "3.12.0", "extra": ""}
MOST_FILES, MOST_LINES = 200, 4_000  # that declare something, and lines of them that pip's parser gets (1 ms each)
MOST_INCLUDED = 100  # files that one list may be made of
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


@dataclass(frozen=True, slots=True)
class Declared:
    """``name`` is canonical; ``version`` a specifier as PEP 440 has it ('' any, '==1.2' locked); ``group`` '' for what
    is always installed."""

    name: str
    version: str
    file: str
    line: int | None
    group: str = ""


def everything(tree: Tree) -> list[Declared]:
    """All declarations of the tree."""
    return tree.remember("declared", "", lambda: [one for path in files(tree) for one in of_file(tree, path)])


def files(tree: Tree) -> list[str]:
    """Every file that declares dependencies or locks them, shallow ones first."""
    return tree.remember("dependency files", "", lambda: [path for path in tree.files if _declares(path)][:MOST_FILES])


def of_file(tree: Tree, path: str) -> list[Declared]:
    """What one file declares, without what it includes."""
    return tree.remember("declared", path, lambda: list(_of_file(tree, path)))


def with_included(tree: Tree, path: str) -> list[Declared]:
    """What one file declares, with what it includes by ``-r``, each file once."""
    return [one for file in _with_inner(tree, path, set()) for one in of_file(tree, file)]


def _with_inner(tree: Tree, path: str, seen: set[str]) -> Iterator[str]:
    if path not in seen:
        seen.add(path)
        yield path
        for inner in included(tree, path) if len(seen) < MOST_INCLUDED else ():
            yield from _with_inner(tree, inner, seen)


def included(tree: Tree, path: str) -> list[str]:
    """Files that a requirements file names by ``-r`` and that exist."""
    if not is_requirements(path):
        return []
    inner = [join(folder_of(path), name.replace("\\", "/")) for name in _NESTED.findall(tree.text(path))]
    return [one for one in inner if tree.has(one) and one != path]


def is_requirements(path: str) -> bool:
    """By its name: requirements.txt and its kin, misspelled ones too, and what lies in a folder of that name."""
    folder, _, name = path.lower().rpartition("/")
    if not name.endswith((".txt", ".in", ".pip")):
        return False
    stem = re.split(r"[._-]", name)[0]
    near = (difflib.SequenceMatcher(None, word, "requirements").ratio() > 0.8 for word in re.split(r"[._-]", name))
    in_folder = bool(re.fullmatch(r"requirements?|reqs?|deps", folder.rpartition("/")[2])) or "requirements/" in folder
    return name in _NAMES or stem in ("req", "reqs") or any(near) or in_folder


def _declares(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in ("pyproject.toml", "Pipfile", "setup.py", "setup.cfg", *LOCKS, *conda.NAMES) or is_requirements(path)


def _of_file(tree: Tree, path: str) -> Iterator[Declared]:
    match path.rpartition("/")[2]:
        case "pyproject.toml":
            yield from _located(tree, path, _pyproject(toml(tree, path)))
        case "Pipfile":
            data = toml(tree, path)
            yield from _located(tree, path, [*_poetry(data, "packages", ""), *_poetry(data, "dev-packages", "dev")])
        case "setup.py":
            yield from _setup_py(tree, path)
        case "setup.cfg":
            yield from _located(tree, path, _setup_cfg(tree.text(path)))
        case "Pipfile.lock":
            yield from _located(tree, path, _pipfile_lock(tree.text(path)))
        case "uv.lock" | "poetry.lock" | "pdm.lock":
            packages = toml(tree, path).get("package", [])
            yield from _located(tree, path, _locked(packages))
        case name if name in conda.NAMES:
            for one in conda.lines(tree.text(path)):
                for found in _located(tree, path, [(one.wanted, "")] if one.wanted else []):
                    yield replace(found, line=one.number)
        case _:
            yield from _requirements(tree, path)


def _requirements(tree: Tree, path: str) -> Iterator[Declared]:
    text = tree.text(path)
    if "\0" in text or not text.strip():
        return
    parsed: list[int] = tree.remember("parsed lines", "", lambda: [0])
    lines = text.split("\n")[: max(0, MOST_LINES - parsed[0])]
    parsed[0] += len(lines)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(lines))  # decoded by us: pip knows no UTF-16 without a mark
        file.flush()
        found = RequirementsFile.from_file(file.name).requirements
        # Of what is declared once for each range of Pythons, what a new one gets.
        ours = {one.name for one in found if one.marker and _is_for_new(one.marker)}
        for one in found:
            if one.name and not (one.name in ours and one.marker and not _is_for_new(one.marker)):
                line = one.requirement_line.line_number
                yield Declared(canonicalize_name(one.name), ordered(one.specifier), path, line)


def _is_for_new(marker: Marker) -> bool:
    try:
        return marker.evaluate(_NEW)
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
        return False


def toml(tree: Tree, path: str) -> dict[str, Any]:
    """The file's tables; nothing if it is missing or broken."""

    def load() -> dict[str, Any]:
        try:
            return tomllib.loads(tree.text(path))
        except tomllib.TOMLDecodeError as error:
            tree.say(f"{path} is not valid TOML ({error}) and was not read.")
            return {}

    return tree.remember("toml", path, load)


def table(data: Any, *keys: str) -> dict[str, Any]:
    """A table within tables; empty where something else stands."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _pyproject(data: dict[str, Any]) -> list[tuple[str, str]]:
    project = table(data, "project")
    found = _lines(project.get("dependencies"))
    for group, lines in table(project, "optional-dependencies").items():
        found += [(line, group) for line, _ in _lines(lines)]
    for group, lines in table(data, "dependency-groups").items():
        found += [(line, group) for line, _ in _lines(lines)]
    found += _poetry(data, "tool.poetry.dependencies", "")
    found += _poetry(data, "tool.poetry.dev-dependencies", "dev")
    for group in table(data, "tool", "poetry", "group"):
        found += _poetry(data, f"tool.poetry.group.{group}.dependencies", group)
    return found


def _poetry(data: dict[str, Any], where: str, group: str) -> list[tuple[str, str]]:
    """Tables of name → version (Poetry, Pipenv) as requirement lines; a version that is no PEP 440 stays out."""
    found = []
    for name, value in table(data, *where.split(".")).items():
        version = value.get("version", "") if isinstance(value, dict) else value
        if name.lower() != "python":
            found.append((f"{name} {poetry_range(version)}" if isinstance(version, str) else name, group))
    return found


def _lines(value: Any) -> list[tuple[str, str]]:
    return [(one, "") for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _pipfile_lock(text: str) -> list[tuple[str, str]]:
    try:
        packages = table(json.loads(text), "default")
    except (ValueError, RecursionError):
        return []
    return [(f"{name}{table(packages, name).get('version', '')}", "") for name in packages]


def ordered(bounds: SpecifierSet | None) -> str:
    """A range as people write it, the lower bound first: a set has no order of its own."""
    return ",".join(sorted(map(str, bounds or ()), key=lambda one: (one.startswith(("<", "!")), one)))


def _locked(packages: Any) -> list[tuple[str, str]]:
    """Of a package that is locked in several versions (by the Python's version) the newest: the newest Python that fits
    is taken."""
    newest: dict[str, Version] = {}
    for one in packages if isinstance(packages, list) else ():
        name, version = (one.get("name"), one.get("version")) if isinstance(one, dict) else (None, None)
        if isinstance(name, str) and isinstance(version, str):
            with contextlib.suppress(InvalidVersion):
                newest[name] = max(newest.get(name, Version(version)), Version(version))
    return [(f"{name}=={version}", "") for name, version in newest.items()]


def _setup_cfg(text: str) -> list[tuple[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    extras = parser["options.extras_require"] if parser.has_section("options.extras_require") else {}
    texts = {"": parser.get("options", "install_requires", fallback=""), **extras}
    return [(line.strip(), group) for group, lines in texts.items() for line in (lines or "").split("\n")]


def _setup_py(tree: Tree, path: str) -> Iterator[Declared]:
    module = tree.syntax(path)
    for call in code.calls(module) if module else ():
        if module and code.dotted(call.func).endswith("setup"):
            yield from _located(tree, path, _of_call(module, call))


def _of_call(module: ast.Module, call: ast.Call) -> Iterator[tuple[str, str]]:
    for line in code.strings(_meant(module, code.keyword(call, "install_requires"))):
        yield line, ""
    extras = _meant(module, code.keyword(call, "extras_require"))
    for key, value in zip(extras.keys, extras.values, strict=True) if isinstance(extras, ast.Dict) else ():
        for line in code.strings(_meant(module, value)):
            yield line, code.string(key) or "extra"


def _meant(module: ast.Module, value: ast.expr | None) -> ast.expr:
    """What a name stands for."""
    values = code.assigned(module, value.id) if isinstance(value, ast.Name) else []
    return next(iter(values), value) or ast.Constant(value=None)


def _located(tree: Tree, path: str, lines: Iterable[tuple[str, str]]) -> Iterator[Declared]:
    """Requirement lines of a structured file, with the line on which their name stands."""
    index = tree.remember("words", path, lambda: _index(tree.text(path)))
    for line, group in lines:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        name = canonicalize_name(wanted.name)
        yield Declared(name, ordered(wanted.specifier), path, index.get(name), group)


def _index(text: str) -> dict[str, int]:
    """The first line on which a word stands as a package's name."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        name = re.match(r"""\s*(?:name\s*=\s*)?["']?([A-Za-z0-9][A-Za-z0-9._-]*)""", line)
        if name:
            found.setdefault(canonicalize_name(name[1]), number)
    return found
