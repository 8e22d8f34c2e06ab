"""What a library takes where it is installed, and none of the platform's processes needs.

Every process pays for each module that it loads, all day. Who wants one of these later still finds the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
