"""Folders from which the project imports besides its own: those put on sys.path, and those its URLs and apps need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import code
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.tree import Tree, folder_of, join, parents

NEEDS = ("project_root",)
GIVES = ("additional_python_path_dirs",)
MAKES = ("pyproject.toml", "setup.py")  # a package
_ASIDE = re.compile(r"(^|/)(tests?|testing|scripts?|docs?)(/|$)|(^|/)(tests?|test_[^/]*|[^/]*_tests?|conftest)\.py$")


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    root = facts.primary("project_root")
    seen = {root}
    for one in [*_added(tree, root), *_needed(tree, root), *_packaged(tree, root), *_from_above(tree, root)]:
        if one.value not in seen:
            seen.add(one.value)
            yield one


def _added(tree: Tree, root: str) -> Iterator[Evidence]:
    """``sys.path.insert(0, os.path.join(BASE_DIR, "apps"))`` where the project starts or in its settings."""
    starts = [p for p in tree.python_with("sys.path") if below(root, p) and _starts(p)]
    for path in starts:
        module = tree.syntax(path)
        for call in code.calls(module) if module else ():
            if code.dotted(call.func) in ("sys.path.append", "sys.path.insert") and call.args:
                inner = code.path_of(call.args[-1])
                for base in (root, folder_of(path)):
                    if inner and tree.has_folder(folder := join(base, inner)) and folder:
                        yield _evidence(tree, folder, 0.9, "it is put on sys.path here", path, call.lineno)
                        break


def _starts(path: str) -> bool:
    return path.rpartition("/")[2] in ("manage.py", "wsgi.py", "asgi.py", "settings.py") or "/settings/" in path


def _needed(tree: Tree, root: str) -> Iterator[Evidence]:
    """The module of ROOT_URLCONF (and of manage.py's settings) lies in a folder below, not in the project's own."""
    for path, line, module in _modules_named(tree, root):
        inner = module.replace(".", "/")
        if code.module_file(tree, [root], module):
            continue
        ends = (f"/{inner}.py", f"/{inner}/__init__.py")
        places = {p[: -len(end)] for p in tree.files for end in ends if p.endswith(end) and below(root, p)}
        # A package is such a folder only of a dotted name: every app has a urls.py.
        inside = {p for p in places if tree.has(f"{p}/__init__.py")}
        near = sorted(places if "." in module else places - inside, key=lambda p: (p in inside, p.count("/"), p))
        if near:
            yield _evidence(tree, near[0], 0.75, f"{module} is imported from there", path, line)


def _packaged(tree: Tree, root: str) -> Iterator[Evidence]:
    """``src`` beside what makes a package of it, above the project: a site that tries out the repository's own package,
    which would be installed from there."""
    for above in parents(root):
        folder = join(above, "src")
        made_by = next((one for name in MAKES if tree.has(one := join(above, name))), "")
        holds = not below(folder, root) and any(_is_package(p, folder) for p in tree.files)
        if made_by and holds and not _is_imported(tree, root, above):
            yield _evidence(tree, folder, 0.7, "the repository's own packages lie there", made_by, 1)


def _from_above(tree: Tree, root: str) -> Iterator[Evidence]:
    """Code that calls its own project by the name of its folder (``from server.shop import ...`` below ``server``), as
    a PYTHONPATH of an image or an editor lets it."""
    above, _, name = root.rpartition("/")
    if not name or tree.has_folder(join(root, name)) or tree.has(join(root, f"{name}.py")):
        return
    for path in tree.python_with(f"from {name}.", f"import {name}."):
        line = _line_that_imports(tree, path, above, name) if below(root, path) and not _ASIDE.search(path) else 0
        if line:
            why = "the code imports by the name of the project's own folder"
            yield _evidence(tree, above or ".", 0.7, why, path, line)
            return


def _line_that_imports(tree: Tree, path: str, above: str, name: str) -> int:
    """0 where what is named is not there either."""
    module = tree.syntax(path)
    for one in ast.walk(module) if module else ():
        named = [one.module or ""] if isinstance(one, ast.ImportFrom) and not one.level else []
        named += [alias.name for alias in one.names] if isinstance(one, ast.Import) else []
        if any(word.startswith(f"{name}.") and code.module_file(tree, [above], word) for word in named):
            return int(getattr(one, "lineno", 0))
    return 0


def _is_imported(tree: Tree, root: str, above: str) -> bool:
    """Whether ``src`` is itself a package of the project (``src.settings``)."""
    named = (module for _, _, module in _modules_named(tree, root) if module.startswith("src."))
    return tree.has(join(above, "src/__init__.py")) or any(code.module_file(tree, [above], one) for one in named)


def _is_package(path: str, folder: str) -> bool:
    name, _, rest = path.removeprefix(f"{folder}/").partition("/")
    return path.startswith(f"{folder}/") and name.isidentifier() and rest == "__init__.py"


def _modules_named(tree: Tree, root: str) -> Iterator[tuple[str, int, str]]:
    others = [folder_of(p) for p in tree.named("manage.py") if below(root, p) and folder_of(p) != root]
    named = [p for p in tree.named("manage.py", "settings.py", "base.py") if below(root, p)]
    for path in [p for p in named if not any(below(other, p) for other in others)][:20]:
        module = tree.syntax(path)
        for one in ast.walk(module) if module else ():
            if isinstance(one, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "ROOT_URLCONF" for t in one.targets
            ):
                if word := code.string(one.value):
                    yield path, one.lineno, word
            elif isinstance(one, ast.Call) and one.args and code.string(one.args[0]) == "DJANGO_SETTINGS_MODULE":
                yield from (
                    (path, one.lineno, word) for word in code.strings(one)[1:] if word.isidentifier() or "." in word
                )


def _evidence(tree: Tree, folder: str, confidence: float, why: str, path: str, line: int) -> Evidence:
    return at(tree, "additional_python_path_dirs", folder, confidence, why, path, line)
