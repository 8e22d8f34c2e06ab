"""How dependencies are declared: the installer, and the files it takes.

A lock with Django in it beats a plain list; a list with Django beats one without; what production names beats what
development names; what includes others stands for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import conda, declared
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.purposes import ASIDE, LIVE
from dz.tasklib.build.inspect.tree import Tree, folder_of, join, parents

NEEDS = ("project_root",)
GIVES = ("installer", "requirements_files")

_OF_LOCK = {
    "uv.lock": ("uv", "pyproject.toml"),
    "poetry.lock": ("poetry", "pyproject.toml"),
    "pdm.lock": ("pdm", "pyproject.toml"),
    "Pipfile.lock": ("pipenv", "Pipfile"),
}
_LIVE = re.compile(rf"(?i)(^|[/._-])({LIVE})([/._-]|$)")
_ASIDE = re.compile(
    rf"(?i)(^|[/._-])({ASIDE}|build|tox|optional|constraints?|examples?|extras?|staging|stage)([/._-]|$)"
)


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    above = list(parents(facts.primary("project_root")))
    found = [*_locks(tree, above), *_lists(tree, above), *_packages(tree, above)]
    # conda's own files are no list that the resolver reads: ``packages`` translates them.
    found += [
        ("none", path, 0.45 if _has_django(tree, path) else 0.2, "conda's list") for path in tree.named(*conda.NAMES)
    ]
    for installer, path, confidence, why in found:
        for field, value in (("installer", installer), ("requirements_files", path)):
            line = next((one.line for one in declared.of_file(tree, path) if one.name == "django"), 1)
            yield at(tree, field, value, confidence, why, path, line)
    if not found:
        why = "no file declares dependencies"
        yield Evidence(field="installer", value="none", confidence=0.6, why=why)
        yield Evidence(field="requirements_files", value="", confidence=0.6, why=why)


_OF_REQUIREMENTS = re.compile(rf"(?i)requirements?|reqs?|deps|config|{LIVE}")
Found = tuple[str, str, float, str]  # installer, file, confidence, why


def _locks(tree: Tree, above: list[str]) -> Iterator[Found]:
    for lock in tree.named(*_OF_LOCK):
        installer, name = _OF_LOCK[lock.rpartition("/")[2]]
        path = join(folder_of(lock), name)
        if tree.has(path):
            # A Django that is only locked came with another package: the list is not the site's own.
            confidence = 0.95 if _has_django(tree, path) else 0.75 if _has_django(tree, lock) else 0.35
            yield installer, path, confidence - _away(path, above), f"{lock.rpartition('/')[2]} lies beside it"


def _lists(tree: Tree, above: list[str]) -> Iterator[Found]:
    """Requirements files; one that another includes is part of that other."""
    lists = [
        path for path in declared.files(tree) if declared.is_requirements(path) and declared.with_included(tree, path)
    ]
    including = [path for path in lists if not _ASIDE.search(_name(path))]
    inner = {one for path in including for one in declared.included(tree, path)}
    for path in lists:
        confidence, why = 0.8, "it lists what the project needs"
        if not _has_django(tree, path, included=True):
            confidence, why = 0.3, "it lists requirements, but not Django"
        if declared.included(tree, path):
            confidence += 0.04
        if _LIVE.search(_name(path)):
            confidence, why = confidence + 0.08, f"{why}, for production"
        elif _ASIDE.search(_name(path)):
            confidence, why = confidence - 0.4, f"{why}, and is not for production"
        elif path.rpartition("/")[2] == "requirements.txt":
            confidence += 0.02
        if path.endswith(".in"):
            confidence -= 0.1  # what it was locked from
        if path in inner:
            confidence -= 0.2
        yield "requirements", path, confidence - _away(path, above), why


def _packages(tree: Tree, above: list[str]) -> Iterator[Found]:
    """Packages' own metadata without a lock."""
    locked = {folder_of(lock) for lock in tree.named(*_OF_LOCK)}
    for path in tree.named("pyproject.toml", "Pipfile", "setup.py", "setup.cfg"):
        wanted = declared.of_file(tree, path)
        name = path.rpartition("/")[2]
        if folder_of(path) in locked or not wanted:
            continue
        installer = (
            _of_pyproject(tree, path) if name == "pyproject.toml" else "pipenv" if name == "Pipfile" else "setup"
        )
        confidence = 0.7 if _has_django(tree, path) else 0.4
        yield installer, path, confidence - _away(path, above), f"{name} lists dependencies"


def _of_pyproject(tree: Tree, path: str) -> str:
    data = declared.toml(tree, path)
    if declared.table(data, "tool", "poetry", "dependencies"):
        return "poetry"
    # Without these it is no package's, and pip and uv read only its dependency groups.
    return "setup" if declared.table(data, "project") or declared.table(data, "build-system") else "groups"


def _has_django(tree: Tree, path: str, *, included: bool = False) -> bool:
    wanted = declared.with_included(tree, path) if included else declared.of_file(tree, path)
    return any(one.name == "django" for one in wanted)


def _name(path: str) -> str:
    """The file's name and its folder's: requirements/prod/base.txt."""
    return "/".join(path.split("/")[-3:]).removesuffix(".txt").removesuffix(".in")


def _away(path: str, above: list[str]) -> float:
    """How far a file is from the project: beside it, above it, in a folder of requirements there, or elsewhere."""
    folder = folder_of(path)
    for steps, place in enumerate(above):
        if below(place, f"{folder}/"):
            words = [word for word in folder[len(place) :].split("/") if word]
            strange = [word for word in words if not _OF_REQUIREMENTS.fullmatch(word)]
            return 0.04 * steps + 0.01 * len(words) + 0.3 * bool(strange)
    return 0.3
