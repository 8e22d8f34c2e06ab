"""Which Python: what the project declares, else where it is seen to run, else what its Django supports.

The value is as declared (``3.12``, ``3.12.4``) or a range (``>=3.10,<3.13``); which interpreter fits is decided later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dz.tasklib.build.inspect import conda, declared, pinned
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.neighbours import named
from dz.tasklib.build.inspect.pythons import (
    django_series,
    is_one_minor,
    is_range,
    minors,
    poetry_range,
    specifier,
    supported_by_django,
)
from dz.tasklib.build.inspect.tree import VIRTUALENV, Tree, folder_of, join, parents

NEEDS = ("project_root", "django_version", "requirements_files")
GIVES = ("python_version",)
DECLARED = 0.65  # from this confidence on somebody declared it for the site, not for tests

_VERSION = r"([23]\.[0-9]{1,2}(?:\.[0-9]{1,2})?)"
# (file names, where the version stands in them, how much that says, why)
_PLACES = (
    ((".python-version",), rf"^\s*(?:cpython-|python-|pyenv-)?{_VERSION}\s*$", 0.97, ".python-version declares it"),
    (("runtime.txt",), rf"^\s*python-{_VERSION}", 0.96, "runtime.txt declares it"),
    ((".tool-versions",), rf"^python\s+{_VERSION}", 0.93, ".tool-versions declares it"),
    (("mise.toml", ".mise.toml"), rf"^python\s*=\s*[\"']{_VERSION}", 0.93, "mise.toml declares it"),
    (("Dockerfile", "Containerfile"), rf"^FROM\s+\S*\bpython:{_VERSION}", 0.8, "it is the Dockerfile's base"),
    (
        ("Dockerfile", "Containerfile"),
        rf"^ARG\s+PYTHON_?VERSION=[\"']?{_VERSION}",
        0.8,
        "it is the Dockerfile's base",
    ),
    (
        ("render.yaml", "app.yaml", ".readthedocs.yaml"),
        rf"(?i)python[\w.\s:-]*[\"']?{_VERSION}",
        0.6,
        "the host runs it",
    ),
    (("devcontainer.json",), rf"python:(?:\d+-)?{_VERSION}", 0.5, "it is developed in it"),
    ((".travis.yml", ".gitlab-ci.yml", "config.yml"), rf"python[:\s-]+[\"']?{_VERSION}", 0.5, "it is tested with it"),
    (conda.NAMES, rf"-\s*python\s*=+\s*{_VERSION}", 0.7, "conda's list declares it"),
)


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    found = list(_said(tree, facts))
    limit = pinned.ceiling(_in_force(tree, facts))
    found = list(_within(tree, facts, found, *limit)) if limit else found
    found = list(_able(facts, found))
    _tell_conflict(tree, found)
    yield from found


def _able(facts: Facts, found: list[Evidence]) -> Iterator[Evidence]:
    """What a project is only seen to be tested with loses where its Django runs on no Python as old: it is left over
    from before."""
    ranked = facts.ranked("django_version")
    bounds = supported_by_django(ranked[0].value) if ranked else None
    for one in found:
        fits = minors(specifier(one.value) or SpecifierSet())
        old = bounds and fits and max(fits) < int(bounds[0].split(".")[1])
        yield replace(one, confidence=min(one.confidence, 0.3)) if old and one.confidence < DECLARED else one


def _tell_conflict(tree: Tree, found: list[Evidence]) -> None:
    """What is declared elsewhere than in what is taken, where both can't be met."""
    ranked = sorted(found, key=lambda one: -one.confidence)
    taken = minors(specifier(ranked[0].value) or SpecifierSet()) if ranked else []
    others = [
        f"{one.file}:{one.line or 1} says {one.value}"
        for one in ranked[1:]
        if one.confidence >= DECLARED and not set(minors(specifier(one.value) or SpecifierSet())) & set(taken)
    ]
    if others:
        tree.say(f"Python {ranked[0].value} is taken, {ranked[0].why}; {', '.join(dict.fromkeys(others))}.")


def _in_force(tree: Tree, facts: Facts) -> Iterator[declared.Declared]:
    """What the chosen files ask for, and the locks beside them."""
    for path in facts.primary("requirements_files").split("\n"):
        yield from declared.with_included(tree, path) if path else ()
        for lock in declared.LOCKS:
            beside = join(folder_of(path), lock)
            if path and not declared.is_requirements(path) and tree.has(beside):
                yield from declared.of_file(tree, beside)


def _within(tree: Tree, facts: Facts, found: list[Evidence], newest: int, pin: declared.Declared) -> Iterator[Evidence]:
    """Ranges are cut where a pin has no more wheels.

    A version beyond that was likely run somewhere, with what it takes to build the package; it loses only for the
    driver of a Django that works with no newer one.
    """
    package = f"{pin.name} {pin.version.removeprefix('==')}"
    beyond = []
    for one in found:
        fits = minors(specifier(one.value) or SpecifierSet())
        if not fits or max(fits) <= newest:
            yield one
        elif len(fits) > 1 and min(fits) <= newest:
            why = f"{one.why}; {package} has wheels up to Python 3.{newest}"
            yield replace(one, value=f"{one.value},<3.{newest + 1}", why=why)
        else:
            beyond.append(one)
    yield from beyond
    if beyond and pin.name.startswith("psycopg2") and _is_before_3_1(facts.primary("django_version")):
        best = max(beyond, key=lambda one: one.confidence)
        why = f"{package} has wheels up to it, but none for Python {best.value}, of which is said: {best.why}"
        yield _evidence(tree, f"3.{newest}", best.confidence + 0.01, why, pin.file, pin.line)


def _is_before_3_1(django: str) -> bool:
    series = django_series(django)
    return series is not None and Version(series) < Version("3.1")


def _said(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    above = list(parents(facts.primary("project_root")))
    yield from _places(tree, facts, above)
    yield from _ranges(tree, facts, above)
    yield from _pip_compile(tree, above)
    yield from _workflows(tree)
    yield from _virtualenv(tree)
    yield from _bytecode(tree)
    yield from _django(facts)


def _places(tree: Tree, facts: Facts, above: list[str]) -> Iterator[Evidence]:
    for names, pattern, confidence, why in _PLACES:
        for path in named(tree, facts, *names):
            near = path.rpartition("/")[0] in above
            if found := re.search(pattern, tree.text(path), re.MULTILINE):
                yield _evidence(tree, found[1], confidence - (0 if near else 0.1), why, path, _line(tree, path, found))


def _ranges(tree: Tree, facts: Facts, above: list[str]) -> Iterator[Evidence]:
    """requires-python and its kin; a range that leaves one version says most."""
    for path in named(tree, facts, "pyproject.toml", "Pipfile"):
        data, text = declared.toml(tree, path), tree.text(path)
        requires = declared.table(data, "requires")
        stated = [
            (declared.table(data, "project").get("requires-python"), "requires-python"),
            (declared.table(data, "tool", "poetry", "dependencies").get("python"), "python"),
            (requires.get("python_full_version") or requires.get("python_version"), "python_"),
        ]
        for value, word in stated:
            if isinstance(value, str) and value.strip(" *"):
                wanted = value if is_range(value) else value if path.endswith("Pipfile") else poetry_range(value)
                exact = not is_range(wanted) or is_one_minor(wanted)
                at = re.search(rf"^[ \t]*{word}", text, re.MULTILINE)
                confidence = (0.93 if exact else 0.72) - (0 if path.rpartition("/")[0] in above else 0.2)
                why = f"{path.rpartition('/')[2]} requires it"
                yield _evidence(
                    tree, wanted.replace(" ", ""), confidence, why, path, _line(tree, path, at) if at else None
                )
    for path in named(tree, facts, "setup.py", "setup.cfg"):
        if found := re.search(r"python_requires\s*=\s*[\"']?([<>=!~0-9., *]+)", tree.text(path)):
            wanted = found[1].replace(" ", "").strip(",")
            if is_range(wanted):
                yield _evidence(tree, wanted, 0.65, "the package requires it", path, _line(tree, path, found))


def _pip_compile(tree: Tree, above: list[str]) -> Iterator[Evidence]:
    for path in declared.files(tree):
        text = tree.text(path)[:400]
        if found := re.search(rf"autogenerated by pip-compile with [Pp]ython {_VERSION}", text):
            yield _evidence(tree, found[1], 0.75, "the requirements were made by it", path, _line(tree, path, found))


def _workflows(tree: Tree) -> Iterator[Evidence]:
    for path in tree.files:
        if not path.startswith(".github/workflows/"):
            continue
        if found := re.search(rf"python-version:\s*\[?\s*[\"']?{_VERSION}", tree.text(path)):
            yield _evidence(tree, found[1], 0.55, "it is tested with it", path, _line(tree, path, found))


def _virtualenv(tree: Tree) -> Iterator[Evidence]:
    for path in tree.named(VIRTUALENV):
        if found := re.search(r"^version(?:_info)?\s*=\s*(3\.[0-9]{1,2})\b", tree.text(path), re.MULTILINE):
            yield _evidence(tree, found[1], 0.52, "the committed virtualenv is of it", path, _line(tree, path, found))


def _bytecode(tree: Tree) -> Iterator[Evidence]:
    tags = [found for tag in tree.bytecode if (found := re.fullmatch(r"cpython-([23])([0-9]{1,2})", tag))]
    for found in sorted(tags, key=lambda one: (int(one[1]), int(one[2])), reverse=True):  # the newest ran last
        why = f"committed .pyc files ({found[0]}) were made by it"
        yield Evidence(field="python_version", value=f"{found[1]}.{found[2]}", confidence=0.5, why=why)


def _django(facts: Facts) -> Iterator[Evidence]:
    ranked = facts.ranked("django_version")
    if ranked and (bounds := supported_by_django(ranked[0].value)):
        oldest, newest = bounds
        after = f"3.{int(newest.split('.')[1]) + 1}"
        yield Evidence(
            field="python_version",
            value=f">={oldest},<{after}",
            confidence=0.4,
            why=f"Django {ranked[0].value.lstrip('=')} runs on Python {oldest} to {newest}",
            file=ranked[0].file,
            line=ranked[0].line,
            excerpt=ranked[0].excerpt,
        )


def _line(tree: Tree, path: str, found: re.Match[str]) -> int:
    return tree.text(path).count("\n", 0, found.start(found.lastindex or 0)) + 1


def _evidence(tree: Tree, value: str, confidence: float, why: str, path: str, line: int | None) -> Evidence:
    return at(tree, "python_version", value, confidence, why, path, line)
