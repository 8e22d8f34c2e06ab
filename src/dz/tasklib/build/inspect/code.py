"""Questions to Python source, answered from its syntax: strings, names, calls, assignments, modules."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping

from dz.tasklib.build.inspect.tree import Tree, join

DEEPEST = 40  # expressions within one another of which a path is made
GETTERS = ("os.environ.get", "os.getenv", "environ.get", "getenv")


def string(node: ast.AST | None) -> str | None:
    """The text of a string literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def strings(node: ast.AST) -> list[str]:
    """Every string literal within."""
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def dotted(node: ast.AST) -> str:
    """``os.environ.get`` for that expression; '' for what is no plain name."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(words)])


def is_environ(node: ast.AST) -> bool:
    return dotted(node) in ("os.environ", "environ")


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Call))


def imported_from(module: ast.Module, package: str) -> frozenset[str]:
    """Local names of what was imported from a package."""
    return frozenset(
        alias.asname or alias.name
        for one in ast.walk(module)
        if isinstance(one, ast.ImportFrom) and one.module == package
        for alias in one.names
    )


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in call.keywords if one.arg == name), None)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What runs when the module is imported, in order: into if, try, with and class bodies, not into functions."""
    for one in body:
        yield one
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from statements(getattr(one, name, []))
        for handler in getattr(one, "handlers", []):
            yield from statements(handler.body)


def assigned(module: ast.Module, name: str) -> list[ast.expr]:
    """Values given to a name at import, in order; ``NAME += [...]`` and ``NAME["key"] = ...`` too."""
    return list(assignments(module).get(name, ()))


@functools.lru_cache(maxsize=4096)
def assignments(module: ast.Module) -> Mapping[str, list[ast.expr]]:
    """The same of every name, found by one walk for all who ask."""
    found: dict[str, list[ast.expr]] = {}
    for one in statements(module.body):
        if not isinstance(one, ast.Assign | ast.AnnAssign | ast.AugAssign) or one.value is None:
            continue
        targets = one.targets if isinstance(one, ast.Assign) else [one.target]
        for name in {_base(target) for target in targets} - {""}:
            found.setdefault(name, []).append(one.value)
    return found


def _base(target: ast.expr) -> str:
    """Of ``NAME`` and ``NAME[...]``; "" of anything else."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def path_of(node: ast.expr, depth: int = 0) -> str | None:
    """The folder that ``BASE_DIR / "a"``, ``os.path.join(BASE_DIR, "a", "b")`` or ``"a"`` names; None if unclear.

    Names at the left are taken for the project's folder, which is what they almost always are.
    """
    if depth > DEEPEST:
        return None
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(op=ast.Div() | ast.Add(), left=left, right=right):
            parts = [path_of(left, depth + 1), path_of(right, depth + 1)]
        case ast.Call(func=func, args=args) if dotted(func).endswith(
            ("join", "joinpath", "path", "root", "str", "Path")
        ):
            parts = [path_of(one, depth + 1) for one in args]
            if isinstance(func, ast.Attribute) and func.attr == "joinpath":
                parts.insert(0, path_of(func.value, depth + 1))
        case ast.Call(args=[only]) if dotted(node.func).endswith(("abspath", "realpath", "normpath")):
            parts = [path_of(only, depth + 1)]
        case ast.Name() | ast.Attribute():
            parts = [""]
        case ast.Call():
            parts = [""]  # BASE_DIR written out: Path(__file__).resolve().parent
        case _:
            return None
    return None if None in parts else "/".join(one for one in parts if one)


def module_file(tree: Tree, roots: list[str], module: str) -> str | None:
    """Where ``a.b.c`` lies below one of the folders in ``roots``."""
    inner = module.replace(".", "/")
    for root in roots:
        for path in (join(root, f"{inner}.py"), join(root, inner, "__init__.py")):
            if tree.has(path):
                return path
    return None


def module_name(root: str, path: str) -> str:
    """The dotted name of a Python file below ``root``."""
    inner = path[len(root) + 1 :] if root else path
    return inner.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def importable(path: str) -> bool:
    """Whether the file's own name is a module's: ``wsgi.example.py`` can't be imported."""
    return path.rpartition("/")[2].removesuffix(".py").isidentifier()


def below(root: str, path: str) -> bool:
    return not root or path.startswith(f"{root}/")
