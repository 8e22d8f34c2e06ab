"""Which settings: every module that is one, what names it, and what its name says it is for.

Names in files are evidence, not truth: the probe imports the candidates in this order and keeps the first that works.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator

from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.purposes import PRODUCTION, purpose
from dz.tasklib.build.inspect.reads import Need, readers, reads_of
from dz.tasklib.build.inspect.tree import Tree, folder_of, join
from dz.tasklib.filled import is_known

NEEDS = ("project_root", "additional_python_path_dirs")
GIVES = ("settings_module", "base_python_package")
MOST = 400  # modules that are looked into

_NAMED = re.compile(  # an f-string names none
    r"""DJANGO_SETTINGS_MODULE["']?\s*[,=:\]]+\s*(?![fF]["'])(?:[urbURB](?=["']))?["']?([A-Za-z_][\w.]*)"""
)
# Files that say how the site is started, and how much their word counts.
_STARTERS = (
    (("Procfile",), 0.1),
    (("wsgi.py", "asgi.py"), 0.06),
    (("Dockerfile", "fly.toml", "render.yaml", "app.json", "app.yaml", "docker-compose.prod.yml"), 0.06),
    (("manage.py",), 0.05),
)


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    found = list(_modules(tree, facts))
    known = {one.value for one in found}
    found += [one for one in _named(tree, facts) if one.value not in known]
    yield from found
    facts_after = Facts([*facts.found, *found])
    if best := facts_after.ranked("settings_module"):
        package = best[0].value.split(".")[0]
        yield Evidence(
            field="base_python_package",
            value=package,
            confidence=best[0].confidence,
            why="the settings lie in it",
            file=best[0].file,
        )


def _modules(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    """The settings modules that exist below the project."""
    named = dict(_mentions(tree, facts))
    for path in _candidates(tree, facts):
        module = _called(facts, path, named)
        confidence, why = purpose(module)
        if _ends_with_production(tree, path):
            confidence, why = max(confidence, PRODUCTION + 0.02), "it takes production's settings over, and is more"
        if module in named:
            bonus, by, number = named[module]
            confidence, why = confidence + bonus, f"{why}; {by}:{number} names it"
        if wants := _asks_for(tree, facts, path):
            # Settings that start as they are come before their like; the probe tries these after them.
            confidence, why = confidence - 0.1, f"{why}; it fails without {wants[0]}"
        yield at(tree, "settings_module", module, min(confidence, 0.98), why, path, 1)


def _called(facts: Facts, path: str, named: Container[str]) -> str:
    """A module as it is imported: from the deepest folder that holds it, but as those files name it that start a
    project whose manage.py lies in its package."""
    deepest = settingscode.root_of(facts, path)
    others = [join(one) for one in settingscode.roots(facts)[1:] if one and below(join(one), path)]
    names = [code.module_name(one, path) for one in (deepest, *others)]
    return next((one for one in names if one in named), names[0])


def _ends_with_production(tree: Tree, path: str) -> bool:
    """Whether a package has the last of its settings from those for production, whatever else is asked: not by an
    ``if``, which may choose a developer's."""
    module = tree.syntax(path) if path.endswith("/__init__.py") else None
    taken = list(_taken_for_sure(tree, folder_of(path), module.body)) if module else []
    return bool(taken) and purpose(taken[-1])[0] >= PRODUCTION


def _taken_for_sure(tree: Tree, folder: str, body: list[ast.stmt]) -> Iterator[str]:
    """The modules beside it of which a package takes all, of those that are there."""
    for one in body:
        if isinstance(one, ast.Try):
            tried = list(_taken_for_sure(tree, folder, one.body))
            yield from tried or (
                name for handler in one.handlers for name in _taken_for_sure(tree, folder, handler.body)
            )
        elif isinstance(one, ast.ImportFrom) and (one.level, one.names[0].name) == (1, "*"):
            yield from [one.module] if one.module and code.module_file(tree, [folder], one.module) else []


def _asks_for(tree: Tree, facts: Facts, path: str) -> list[str]:
    """Variables that these settings fail without and that only the owner can know."""
    files = settingscode.chain(tree, settingscode.roots(facts), path)
    known = readers(module for file in files if (module := tree.syntax(file)))
    found = [read for file in files for read in reads_of(tree, file, known)]
    return [
        one.name for one in found if one.need is Need.FAILS and one.at_import and not is_known(one.name, redis=True)
    ]


def _candidates(tree: Tree, facts: Facts) -> Iterator[str]:
    root = facts.primary("project_root")
    folders = settingscode.roots(facts)
    likely = [
        path
        for path in tree.files
        if path.endswith(".py") and below(root, path) and _may_be(path) and code.importable(path)
    ]
    for path in likely[:MOST]:
        if tree.syntax(path) and not settingscode.only_adds(tree, path):
            links = settingscode.chain(tree, folders, path)
            package = _composing(tree, path)
            if package:
                # What it puts together are pieces, but for one that is a site's settings by itself.
                if path == package or _is_whole(tree, path):
                    yield path
            elif any(settingscode.looks_like_settings(tree, one) for one in links):
                yield path


def _composing(tree: Tree, path: str) -> str:
    """The package that has its settings by ``include`` (django-split-settings) of files in it or in folders of it,
    which a variable may name; "" where none does."""
    for folder in (folder_of(path), folder_of(folder_of(path))):
        package = join(folder, "__init__.py")
        module = tree.syntax(package) if tree.has(package) else None
        if module and "include" in code.imported_from(module, "split_settings.tools"):
            return package
    return ""


def _is_whole(tree: Tree, path: str) -> bool:
    """By itself or with what it takes all of; that another piece is asked for one name says nothing."""
    module = tree.syntax(path)
    stars = [one for one in ast.walk(module) if isinstance(one, ast.ImportFrom)] if module else []
    takes = any(alias.name == "*" for one in stars for alias in one.names)
    return module is not None and (takes or bool(code.assigned(module, "ROOT_URLCONF")))


def _may_be(path: str) -> bool:
    """Looks at names only: reading every file would cost too much."""
    words = path.lower().removesuffix(".py").split("/")
    near = words[-3:]
    if any(word in ("migrations", "management", "templates", "project_template") for word in words):
        return False
    return any(re.search(r"settings|config|conf$|^base$|^production$", word) for word in near)


def _mentions(tree: Tree, facts: Facts) -> Iterator[tuple[str, tuple[float, str, int]]]:
    """(module, (bonus, file, line)): the strongest mention last, as a dict takes it."""
    root = facts.primary("project_root")
    for names, bonus in reversed(_STARTERS):
        for path in tree.named(*names):
            if below(root, path) or folder_of(path) == "" or "docker" in path.lower():
                for hit in _NAMED.finditer(tree.text(path)):
                    yield hit[1], (bonus, path, tree.text(path).count("\n", 0, hit.start()) + 1)


def _named(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    """Modules that are named and are not written as settings are (a library makes them), or were not found: for the
    probe's last try."""
    for module, (bonus, path, line) in _mentions(tree, facts):
        if path != join(facts.primary("project_root"), "manage.py") and bonus < 0.06:
            continue
        confidence, why = 0.1, "it is named here, but no such settings were found"
        found = code.module_file(tree, settingscode.roots(facts), module)
        if found and (made := tree.syntax(found)) and any(code.calls(made)) and not settingscode.only_adds(tree, found):
            confidence, why = purpose(module)[0], "it is named here"
        yield at(tree, "settings_module", module, confidence + bonus, why, path, line)
