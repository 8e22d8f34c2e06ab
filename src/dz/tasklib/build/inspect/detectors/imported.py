"""Modules of packages that the site imports whenever it starts: top-level names, as one value of lines.

Looked at: what the settings and the modules of its own apps import without any condition, and the apps and middleware
that are listed so. When the proof meets one of them that nothing declares, the others that are missing are added with
it: each one alone would cost another environment.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.evidence import Evidence, Facts
from dz.tasklib.build.inspect.imports import own_modules
from dz.tasklib.build.inspect.tree import Tree

NEEDS = ("project_root", "settings_module", "additional_python_path_dirs")
GIVES = ("imported",)

MOST = 200
# Of an app, those that Django and its urls import; of others only what imports them knows.
_MODULES = ("apps", "models", "urls", "views", "admin", "forms", "serializers")
_LISTS = ("APPS", "MIDDLEWARE")
_IMPORT = re.compile(r"^(?:import[ \t]+([\w., \t]+)|from[ \t]+(\w[\w.]*)[ \t]+import\b)", re.MULTILINE)


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    settings = settingscode.files(tree, facts)
    listed = [word for path in settings for word in _listed(tree, path)]
    folders = settingscode.roots(facts)
    apps = dict.fromkeys(word.partition(".apps.")[0] for word in listed)
    own = [code.module_file(tree, folders, f"{app}.{name}") for app in apps for name in _MODULES]
    urls = [word for _, value in settingscode.values(tree, facts, "ROOT_URLCONF") for word in code.strings(value)]
    files = [*settings, *filter(None, own), *filter(None, (code.module_file(tree, folders, one) for one in urls))]
    found = {name for path in files for name in _imported(tree, path)} | {word.partition(".")[0] for word in listed}
    strange = sorted(found - own_modules(tree) - set(sys.stdlib_module_names) - {"django", ""})[:MOST]
    if strange:
        yield Evidence(field="imported", value="\n".join(strange), confidence=0.5, why="it imports these at its start")


def _listed(tree: Tree, path: str) -> Iterator[str]:
    """Names in INSTALLED_APPS, what it is put together of, and MIDDLEWARE, where no condition is around them."""
    module = tree.syntax(path)
    for one in module.body if module else ():
        targets = one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        value = getattr(one, "value", None)
        if value is not None and any(name.endswith(_LISTS) for name in names):
            yield from (word for word in code.strings(value) if word.replace(".", "").isidentifier())


def _imported(tree: Tree, path: str) -> Iterator[str]:
    """By the lines that begin so: to parse all of a large project would take longer than the rest of the look, and a
    word of a docstring stands for no package."""
    for line in _IMPORT.finditer(tree.text(path)):
        for name in line[1].split(",") if line[1] else [line[2]]:
            yield name.split(".")[0].split()[0] if name.strip() else ""
