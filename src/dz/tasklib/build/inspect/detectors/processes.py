"""What runs: the lines of a Procfile, and a worker and beat where a Celery application is made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dz.tasklib import proclines
from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.neighbours import named
from dz.tasklib.build.inspect.tree import Tree

NEEDS = ("project_root", "services", "settings_module", "additional_python_path_dirs")
GIVES = ("processes",)

_LINE = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,30}):\s*(\S.*)")


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    found = list(_procfile(tree, facts))
    yield from found
    there = {kind for one in found for kind in _does(one.value)}
    yield from (one for one in _celery(tree, facts) if one.value.split(":")[0] not in there)


def _does(process: str) -> Iterator[str]:
    """Its name, and what its line is whatever it is called: a second scheduler would start every task twice."""
    name, _, line = process.partition(": ")
    words = proclines.started(line)
    yield name
    yield from ("beat",) if proclines.schedules(words) else ()
    yield from ("worker",) if proclines.works(words) else ()


def _procfile(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    for path in named(tree, facts, "Procfile")[:1]:
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            # ``release`` is no process: it is run once per release, as hooks are.
            if (found := _LINE.fullmatch(line.strip())) and found[1].lower() != "release":
                yield _evidence(tree, f"{found[1].lower()}: {found[2]}", 0.95, "the Procfile says so", path, number)


def _celery(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    for one in facts.ranked("services"):
        if one.value in ("celery", "celery-beat") and one.confidence >= 0.8 and one.file.endswith(".py"):
            module = _application(facts)
            if module:
                name, verb = ("worker", "worker") if one.value == "celery" else ("beat", "beat")
                command = f"{name}: celery -A {module} {verb}"
                yield _evidence(tree, command, 0.7, one.why, one.file, one.line)


def _application(facts: Facts) -> str | None:
    """What ``celery -A`` takes: the package of celery.py, else the module itself."""
    for one in facts.ranked("services"):
        if one.value == "celery" and one.file.endswith(".py"):
            name = code.module_name(settingscode.root_of(facts, one.file), one.file)
            return name.removesuffix(".celery")
    return None


def _evidence(tree: Tree, value: str, confidence: float, why: str, path: str, line: int | None) -> Evidence:
    return at(tree, "processes", value, confidence, why, path, line)
