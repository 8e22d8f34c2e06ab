"""One module per class of evidence, found by listing this folder.

Each has ``GIVES`` (the fields it finds), ``NEEDS`` (fields that must be settled before it runs) and
``detect(tree, facts) -> Iterable[Evidence]``, which is pure. To add a class, add a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from types import ModuleType

from dz.tasklib.build.inspect.evidence import Evidence, Facts
from dz.tasklib.build.inspect.tree import Tree

Detector = Callable[[Tree, Facts], Iterable[Evidence]]


def in_order() -> Iterator[Detector]:
    """Every detector, each after those whose fields it needs."""
    modules = _modules()
    graph = {
        name: [giver for giver in modules if giver != name and set(module.NEEDS) & set(modules[giver].GIVES)]
        for name, module in modules.items()
    }
    for name in TopologicalSorter(graph).static_order():
        detector: Detector = modules[name].detect
        yield detector


@cache
def fields() -> frozenset[str]:
    """Every field that some detector may give."""
    return frozenset(field for module in _modules().values() for field in module.GIVES)


def _modules() -> dict[str, ModuleType]:
    names = sorted(one.name for one in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}
