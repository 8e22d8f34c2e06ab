"""Extras and groups of a pyproject.toml that the site needs beside its plain dependencies, as ``extra NAME`` and
``group NAME``.

Taken are those whose name says that they are for production, and those that the repository's own recipes (Dockerfile,
Makefile, scripts) install. What is for tests is not, unless the site lies in a folder of a package's repository, where
it is there to try the package out. Of a pyproject.toml that is no package's its groups are all that it declares; where
Django stands in none of the plain dependencies, it is looked for in the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import declared
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.purposes import ASIDE, LIVE
from dz.tasklib.build.inspect.tree import Tree, folder_of
from dz.tasklib.buildconfig import WITH_EXTRAS, is_extra

NEEDS = ("project_root", "installer", "requirements_files")
GIVES = ("extras",)

_LIVE = re.compile(rf"(?i)(.*[._-])?({LIVE}|docker|container|server)([._-].*)?")
_ASIDE = re.compile(rf"(?i)(.*[._-])?({ASIDE}|linting|qa|types?|typing|bench\w*|formatting|all)([._-].*)?")
_RECIPES = re.compile(
    r"(?i)(^|/)(dockerfile[^/]*|[^/]*\.dockerfile|makefile|justfile|[^/]*\.sh)$|^(bin|scripts)/[^/.]+$"
)
_INSTALLS = re.compile(r"\b(pip3?\s+install|uv\s+(sync|export|pip)|pdm\s+(install|sync))\b")
_NAMED = re.compile(
    r"""(?<![\w/])\.\[(?P<extras>[\w.,-]+)\]|--extra[=\s]+["']?(?P<extra>[\w.-]+)"""
    r"""|--group[=\s]+["']?(?:[\w./-]*:)?(?P<group>[\w.-]+)"""
)
_ALL = re.compile(r"(?<!\S)--all-extras\b")  # of an image: what all of them are is what the site has
_OTHER_DATABASE = re.compile(r"(?i)mysql|maria|oracle|mssql")  # a driver that is compiled, and used by nobody here
_KEY = re.compile(r"\s*[\"']?([\w.-]+)[\"']?\s*=")
_MOST = 60  # recipes that are read


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    path = facts.primary("requirements_files")
    if facts.primary("installer") not in WITH_EXTRAS or not path.endswith("pyproject.toml"):
        return
    there = _there(tree, path)
    tried_out = bool(facts.primary("project_root")) and facts.primary("project_root") != folder_of(path)
    holders = {one.group for one in declared.of_file(tree, path) if one.name == "django"}  # "": the plain ones
    chosen = {value: (file, line) for value, file, line in _named(tree, folder_of(path), there) if value in there}
    alone = facts.primary("installer") == "groups" and not chosen
    for value, (name, line) in there.items():
        aside = _ASIDE.fullmatch(name) is not None
        if value in chosen and (tried_out or not aside):
            file, where = chosen[value]
            yield at(tree, "extras", value, 0.8, "the repository's own recipe installs it", file, where)
        elif not aside and (reason := _reason(name, holders, alone=alone)):
            yield at(tree, "extras", value, *reason, path, line)


def _reason(name: str, holders: set[str], *, alone: bool) -> tuple[float, str] | None:
    """Why the site needs one that no recipe installs, with its confidence. ``alone``: there is nothing else."""
    if _LIVE.fullmatch(name):
        return 0.7, "it is for production by its name"
    if name in holders and "" not in holders:
        return 0.65, "Django stands there and in no plain dependency"
    return (0.6, "nothing else is declared") if alone else None


def _there(tree: Tree, path: str) -> dict[str, tuple[str, int]]:
    """All extras and groups, each with its name and the line on which it begins."""
    data = declared.toml(tree, path)
    lines: dict[str, int] = {}
    for number, line in enumerate(tree.text(path).split("\n"), 1):
        if begins := _KEY.match(line):
            lines.setdefault(begins[1], number)
    tables = (("extra", ("project", "optional-dependencies")), ("group", ("dependency-groups",)))
    named = [(f"{kind} {name}", name) for kind, keys in tables for name in declared.table(data, *keys)]
    return {value: (name, lines.get(name, 1)) for value, name in named if is_extra(value)}


def _named(tree: Tree, folder: str, there: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    """What recipes beside or below the file install: value, file and line."""
    recipes = [one for one in tree.files if _RECIPES.search(one) and below(folder, one)]
    every = [value for value in there if value.startswith("extra ") and not _OTHER_DATABASE.search(value)]
    for path in recipes[:_MOST]:
        for number, line in _whole_lines(tree.text(path)):
            if "dockerfile" in path.lower() and _INSTALLS.search(line) and _ALL.search(line):
                yield from ((value, path, number) for value in every)
            for found in _NAMED.finditer(line) if _INSTALLS.search(line) else ():
                if found["extras"]:
                    yield from ((f"extra {name}", path, number) for name in found["extras"].split(",") if name)
                else:
                    kind = "extra" if found["extra"] else "group"
                    yield f"{kind} {found[kind]}", path, number


def _whole_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Lines with those that go on after a ``\`` as one; the number is that of the first."""
    begun = 0
    parts: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        begun = begun if parts else number
        parts.append(line.rstrip().removesuffix("\\"))
        if not line.rstrip().endswith("\\"):
            yield begun, " ".join(parts)
            parts = []
    if parts:
        yield begun, " ".join(parts)
