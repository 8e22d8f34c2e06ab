"""Which distributions a project's imports stand for, as far as they are well known.

What is missing then is told by the probe, with the line that imports it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from dz.tasklib.build.inspect.tree import Tree
from dz.tasklib.build.inspect.wellknown import distribution


def distributions(tree: Tree, paths: list[str], apps: list[str]) -> list[str]:
    """What these files import and these INSTALLED_APPS name, as far as it is well known; Django always."""
    modules = {name for path in paths for name in _imported(tree, path)} | {app.split(".")[0] for app in apps}
    if any("ImageField(" in tree.text(path) for path in paths):
        modules.add("PIL")
    own = {path.split("/")[depth].removesuffix(".py") for path in tree.files for depth in range(path.count("/") + 1)}
    strange = modules - set(sys.stdlib_module_names) - own
    return sorted({"django", *(found for name in strange if (found := distribution(name)))})


def _imported(tree: Tree, path: str) -> Iterator[str]:
    module = tree.syntax(path)
    for one in ast.walk(module) if module else ():
        if isinstance(one, ast.Import):
            yield from (alias.name.split(".")[0] for alias in one.names)
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            yield one.module.split(".")[0]
