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
    strange = modules - set(sys.stdlib_module_names) - own_modules(tree)
    return sorted({"django", *(found for name in strange if (found := distribution(name)))})


def own_modules(tree: Tree) -> set[str]:
    """Names under which a file of the repository may be imported. A folder without code is none: those of static files
    are often called as the package that they were collected from."""
    code = [path.removesuffix(".py") for path in tree.files if path.endswith(".py")]
    return {part for path in code for part in path.split("/")}


def _imported(tree: Tree, path: str) -> Iterator[str]:
    module = tree.syntax(path)
    for one in ast.walk(module) if module else ():
        if isinstance(one, ast.Import):
            yield from (alias.name.split(".")[0] for alias in one.names)
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            yield one.module.split(".")[0]
