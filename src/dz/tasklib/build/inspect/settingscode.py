"""The settings that a settings module is made of: itself and what it takes over from others by ``import *``."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterator

from dz.tasklib.build.inspect import code
from dz.tasklib.build.inspect.evidence import Facts
from dz.tasklib.build.inspect.tree import Tree, folder_of, join

MARKS = ("INSTALLED_APPS", "ROOT_URLCONF", "MIDDLEWARE", "DATABASES", "TEMPLATES", "WSGI_APPLICATION")


def roots(facts: Facts) -> list[str]:
    """Folders from which modules are imported: the project's, further ones, the repository's own."""
    project = facts.primary("project_root")
    more = [line for line in facts.primary("additional_python_path_dirs").split("\n") if line]
    return list(dict.fromkeys([project, *more, ""]))


def root_of(facts: Facts, path: str) -> str:
    """The folder from which a file is imported: the deepest that holds it."""
    return max((one for one in roots(facts) if code.below(one, path)), key=len)


def files(tree: Tree, facts: Facts) -> list[str]:
    """The files of the settings in force, the most specific first; without settings, none."""
    start = code.module_file(tree, roots(facts), facts.primary("settings_module")) if facts.found else None
    return chain(tree, roots(facts), start) if start else []


def chain(tree: Tree, folders: list[str], start: str) -> list[str]:
    """A settings file and those that it takes everything over from."""
    seen: list[str] = []
    waiting = [start]
    while waiting and len(seen) < 40:
        path = waiting.pop(0)
        if path not in seen:
            seen.append(path)
            inner = _taken_over(tree, folders, path)
            waiting += [one for one in inner if one not in seen]
    return seen


def _taken_over(tree: Tree, folders: list[str], path: str) -> list[str]:
    return tree.remember(f"taken over {folders}", path, lambda: list(_find_taken_over(tree, folders, path)))


def _find_taken_over(tree: Tree, folders: list[str], path: str) -> Iterator[str]:
    module = tree.syntax(path)
    for one in code.statements(module.body) if module else ():
        if isinstance(one, ast.ImportFrom):
            yield from _imported(tree, folders, path, one)
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and code.dotted(one.value.func) == "include":
            # django-split-settings: include("components/*.py", optional("local.py"))
            words = [*code.strings(one.value), *(_of_lists(module, one.value) if module else ())]
            yield from (p for word in words for p in _matching(tree, join(folder_of(path), word)))


def _matching(tree: Tree, pattern: str) -> list[str]:
    """The files that a pattern of ``include`` means, which is by folder: ``*`` takes no slash."""
    if "*" not in pattern:
        return [pattern] if tree.has(pattern) else []
    like = [one for one in tree.files if folder_of(one) == folder_of(pattern)]
    return sorted(one for one in like if fnmatch.fnmatchcase(one, pattern))


def _of_lists(module: ast.Module, include: ast.Call) -> Iterator[str]:
    """What stands in the lists of ``include(*files)``, with what is appended to them."""
    names = {one.value.id for one in include.args if isinstance(one, ast.Starred) and isinstance(one.value, ast.Name)}
    for name in sorted(names):
        for value in code.assigned(module, name):
            yield from code.strings(value)
        for call in code.calls(module):
            if code.dotted(call.func) == f"{name}.append":
                yield from code.strings(call)


def _imported(tree: Tree, folders: list[str], path: str, one: ast.ImportFrom) -> Iterator[str]:
    base = ""
    if one.level:
        base = join(folder_of(path), *[".."] * (one.level - 1))
    start = [base] if one.level else folders
    found = None
    if one.module:
        found = code.module_file(tree, start, one.module)
    elif one.level:
        # ``from . import base`` and ``from . import *``
        names = [alias.name for alias in one.names]
        for name in names:
            if (inner := code.module_file(tree, start, name)) and inner != path:
                yield inner
        found = join(base, "__init__.py") if "*" in names and tree.has(join(base, "__init__.py")) else None
    if found and found != path and (any(a.name == "*" for a in one.names) or looks_like_settings(tree, found)):
        yield found


def named_from(tree: Tree, facts: Facts, path: str) -> Iterator[str]:
    """The project's own modules of which a module takes something by its name: ``from utils.env import get_env``."""
    module = tree.syntax(path)
    for one in code.statements(module.body) if module else ():
        if isinstance(one, ast.ImportFrom) and one.module:
            start = [join(folder_of(path), *[".."] * (one.level - 1))] if one.level else roots(facts)
            if found := code.module_file(tree, start, one.module):
                yield found


def looks_like_settings(tree: Tree, path: str) -> bool:
    """Whether a module sets what only Django settings set."""
    return tree.remember("like settings", path, lambda: _looks_like_settings(tree.syntax(path)))


def _looks_like_settings(module: ast.Module | None) -> bool:
    if module is None:
        return False
    names = {
        target.id
        for one in code.statements(module.body)
        for target in (one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)])
        if isinstance(target, ast.Name)
    }
    return len(names & set(MARKS)) >= 2


def only_adds(tree: Tree, path: str) -> bool:
    """Whether a module takes a few settings by name, as an app that does ``INSTALLED_APPS += [...]``: no site's."""
    module = tree.syntax(path)
    imports = [one for one in code.statements(module.body) if isinstance(one, ast.ImportFrom)] if module else []
    taken = {alias.name for one in imports for alias in one.names}
    few = bool(taken & set(MARKS)) and not taken & {"*", "ROOT_URLCONF"}
    return few and not looks_like_settings(tree, path)


def values(tree: Tree, facts: Facts, name: str) -> list[tuple[str, ast.expr]]:
    """What the settings in force give to ``name``: (file, value), the last word first."""
    found: list[tuple[str, ast.expr]] = []
    for path in files(tree, facts):
        module = tree.syntax(path)
        if module:
            found += [(path, value) for value in reversed(code.assigned(module, name))]
    return found


def installed_apps(tree: Tree, facts: Facts) -> list[tuple[str, int, str]]:
    """(file, line, app) of every string in INSTALLED_APPS and its parts."""
    found = []
    for path in files(tree, facts):
        module = tree.syntax(path)
        for one in code.statements(module.body) if module else ():
            targets = one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)]
            names = [t.id for t in targets if isinstance(t, ast.Name)]
            if any(name.endswith("APPS") for name in names) and getattr(one, "value", None):
                found += [
                    (path, node.lineno, node.value)
                    for node in ast.walk(one)
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                ]
    return found
