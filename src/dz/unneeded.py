"""What a library takes where it is installed, and none of the platform's processes needs.

Every process pays for each module that it loads, all day. Who wants one of these later still finds the real one.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


@contextmanager
def instead(others: dict[str, ModuleType | None]) -> Iterator[None]:
    """An import of these finds the module that is given here, or with None that there is none. What is loaded already
    stays."""
    ours = {name: other for name, other in others.items() if name not in sys.modules}
    sys.modules.update(ours)  # type: ignore[arg-type] # None is Python's own way to say so
    try:
        yield
    finally:
        for name, other in ours.items():
            if sys.modules.get(name, ours) is other:
                del sys.modules[name]


@contextmanager
def uncollected() -> Iterator[None]:
    """While a process loads what it keeps: of a thousand modules nearly nothing is garbage, and to look through them
    again and again is a tenth of its start. What was loaded is never looked through. One that has switched the
    collector off itself goes on without."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.freeze()
            gc.enable()


def folder_alone(name: str) -> ModuleType:
    """A package's modules, found as ever, without what its ``__init__`` would load; its parent is not loaded either."""
    parent, _, last = name.rpartition(".")
    spec = find_spec(parent)
    module = ModuleType(name)
    module.__path__ = [str(Path(place) / last) for place in (spec and spec.submodule_search_locations) or ()]
    return module
