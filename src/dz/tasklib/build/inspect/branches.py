"""Which variables lead settings away from a branch that no site can take: a file of the developer's machine is imported
there that the repository lacks, or it raises.

``if`` by variables is followed as Python would, with none of them and with one; what asks for anything else is not
understood, and no variable is needed for it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.evidence import Facts
from dz.tasklib.build.inspect.switchtexts import Followed, begun, cast_of, through
from dz.tasklib.build.inspect.tree import Tree, folder_of, join, parents
from dz.tasklib.filled import is_known

DEEPEST = 6  # names that stand for others
_FILE = re.compile(r"[\w./-]+\.py")
_TAKERS = ("include", "append", "extend", "insert")


def leading(tree: Tree, facts: Facts, given: Mapping[str, str]) -> frozenset[str]:
    """Those names of ``given`` (with a text for each) that such a branch is avoided by."""
    found = set()
    for path in _imported(tree, facts):
        module = tree.syntax(path)
        for one in module.body if module else ():
            if module and isinstance(one, ast.If) and _dead(tree, facts, path, _taken(one, module, {}) or []):
                found |= set(_ways_out(tree, facts, path, module, one, given))
    return frozenset(found)


def _imported(tree: Tree, facts: Facts) -> list[str]:
    """The settings in force, and the packages that they lie in, which Python imports before."""
    files = settingscode.files(tree, facts)
    above = (join(folder, "__init__.py") for folder in parents(folder_of(files[0]))) if files else ()
    return list(dict.fromkeys([*files, *(path for path in above if tree.has(path))]))


def _ways_out(
    tree: Tree, facts: Facts, path: str, module: ast.Module, one: ast.If, given: Mapping[str, str]
) -> Iterator[str]:
    """The first name with which another branch is taken that can be."""
    for name, text in given.items():
        instead = _taken(one, module, {name: text})
        if instead is not None and not _dead(tree, facts, path, instead):
            yield name
            return


def _taken(one: ast.If, module: ast.Module, given: Mapping[str, str]) -> list[ast.stmt] | None:
    """The body that runs; None where that hangs on something else."""
    holds = _holds(one.test, module, given)
    if holds is None:
        return None
    body = one.body if holds else one.orelse
    return _taken(body[0], module, given) if len(body) == 1 and isinstance(body[0], ast.If) else body


def _holds(test: ast.expr, module: ast.Module, given: Mapping[str, str]) -> bool | None:
    match test:
        case ast.BoolOp(op=op, values=values):
            stops = isinstance(op, ast.Or)
            for one in values:  # from left to right, as far as Python goes
                holds = _holds(one, module, given)
                if holds is None or holds is stops:
                    return holds
            return not stops
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            holds = _holds(inner, module, given)
            return None if holds is None else not holds
        case ast.Compare(left=left, ops=[ast.In()], comparators=[where]) if code.is_environ(where):
            name = code.string(left)
            return None if name is None or is_known(name, redis=True) else name in given
    found = _value(test, module, given)
    return bool(found.value) if found and found.valid else None


def _value(node: ast.AST, module: ast.Module, given: Mapping[str, str], depth: int = 0) -> Followed | None:
    """What becomes of the variable that is read somewhere in ``node``; None where none is that is understood."""
    if (read := _read(node)) is not None:
        name, default, kind = read
        if is_known(name, redis=True) or (name not in given and not isinstance(default, ast.Constant)):
            return None
        cast = cast_of(kind, empty_is_false=True)
        if name in given:
            return begun(cast, given[name]) if cast else None
        return Followed(default.value) if isinstance(default, ast.Constant) else None
    if isinstance(node, ast.Name):
        values = code.assigned(module, node.id)
        return _value(values[0], module, given, depth + 1) if len(values) == 1 and depth < DEEPEST else None
    for inner in ast.iter_child_nodes(node):
        if (found := _value(inner, module, given, depth)) is not None:
            return through(found, node, inner)
    return None


def _read(node: ast.AST) -> tuple[str, ast.expr | None, str] | None:
    """(name, default, cast) of a read of a variable."""
    if isinstance(node, ast.Subscript) and code.is_environ(node.value) and (name := code.string(node.slice)):
        return name, None, "str"
    if not isinstance(node, ast.Call) or not node.args or not (name := code.string(node.args[0])):
        return None
    function = code.dotted(node.func)
    stem, _, kind = function.rpartition(".")
    default = node.args[1] if len(node.args) > 1 else code.keyword(node, "default")
    if function in code.GETTERS:
        return name, default or ast.Constant(value=None), "str"
    if function in ("config", "env", "decouple.config"):
        cast = code.keyword(node, "cast")
        return name, default, code.dotted(cast) if cast else "str"
    return (name, default, kind) if stem == "env" else None


def _dead(tree: Tree, facts: Facts, path: str, body: list[ast.stmt]) -> bool:
    """Whether it can only fail."""
    return any(_fails(tree, facts, path, one) for one in body)


def _fails(tree: Tree, facts: Facts, path: str, one: ast.stmt) -> bool:
    match one:
        case ast.Raise():
            return True
        case ast.ImportFrom(module=str(module), level=level):
            folders = [join(folder_of(path), *[".."] * (level - 1))] if level else settingscode.roots(facts)
            return _is_lacking(tree, folders, module, own=bool(level))
        case ast.Expr(value=ast.Call() as call) if code.dotted(call.func).rpartition(".")[2] in _TAKERS:
            words = [word for argument in call.args for word in _named(argument)]
            return any(not tree.has(join(folder_of(path), word)) for word in words)
    return False


def _is_lacking(tree: Tree, folders: list[str], module: str, *, own: bool) -> bool:
    """Whether a module of the project's own is not in the repository."""
    if code.module_file(tree, folders, module):
        return False
    inner = module.replace(".", "/")
    if any(tree.has_folder(join(folder, inner)) for folder in folders):
        return False
    above = inner.rpartition("/")[0]
    return own or bool(above and any(tree.has_folder(join(folder, above)) for folder in folders))


def _named(argument: ast.expr) -> Iterator[str]:
    """Files that are named to be included, but those that may be missing (``optional("local.py")``)."""
    if isinstance(argument, ast.Constant | ast.List | ast.Tuple):
        yield from (word for word in code.strings(argument) if _FILE.fullmatch(word))
