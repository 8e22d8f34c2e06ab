"""Which variables lead settings away from a branch that no site can take: a file of the developer's machine is imported
there that the repository lacks, or it raises.

``if`` by variables is followed as Python would, with none of them and with one; what asks for anything else is not
understood, and no variable is needed for it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.evidence import Facts
from dz.tasklib.build.inspect.switchtexts import Followed, begun, cast_of, through
from dz.tasklib.build.inspect.tree import Tree, folder_of, join, parents
from dz.tasklib.filled import is_known

DEEPEST = 6  # names that stand for others
_FILE = re.compile(r"[\w./-]+\.py")
_TAKERS = ("include", "append", "extend", "insert")


@dataclass(frozen=True, slots=True)
class _Look:
    """At a module's names, with these variables set. ``followed``: what became of the names so far."""

    values: Mapping[str, list[ast.expr]]
    given: Mapping[str, str]
    followed: dict[str, Followed | None] = field(default_factory=dict)


def leading(tree: Tree, facts: Facts, given: Mapping[str, str]) -> frozenset[str]:
    """Those names of ``given`` (with a text for each) that such a branch is avoided by."""
    found = set()
    for path in _imported(tree, facts):
        module = tree.syntax(path)
        choices = [one for one in module.body if isinstance(one, ast.If)] if module else []
        values = code.assignments(module) if module and choices else {}
        for one in choices:
            if _dead(tree, facts, path, _taken(one, _Look(values, {})) or []):
                found |= set(_ways_out(tree, facts, path, values, one, given))
    return frozenset(found)


def _imported(tree: Tree, facts: Facts) -> list[str]:
    """The settings in force, and the packages that they lie in, which Python imports before."""
    files = settingscode.files(tree, facts)
    above = (join(folder, "__init__.py") for folder in parents(folder_of(files[0]))) if files else ()
    return list(dict.fromkeys([*files, *(path for path in above if tree.has(path))]))


def _ways_out(
    tree: Tree, facts: Facts, path: str, values: Mapping[str, list[ast.expr]], one: ast.If, given: Mapping[str, str]
) -> Iterator[str]:
    """The first name with which another branch is taken that can be."""
    for name, text in given.items():
        instead = _taken(one, _Look(values, {name: text}))
        if instead is not None and not _dead(tree, facts, path, instead):
            yield name
            return


def _taken(one: ast.If, look: _Look) -> list[ast.stmt] | None:
    """The body that runs; None where that hangs on something else."""
    holds = _holds(one.test, look)
    if holds is None:
        return None
    body = one.body if holds else one.orelse
    return _taken(body[0], look) if len(body) == 1 and isinstance(body[0], ast.If) else body


def _holds(test: ast.expr, look: _Look) -> bool | None:
    match test:
        case ast.BoolOp(op=op, values=values):
            stops = isinstance(op, ast.Or)
            for one in values:  # from left to right, as far as Python goes
                holds = _holds(one, look)
                if holds is None or holds is stops:
                    return holds
            return not stops
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            holds = _holds(inner, look)
            return None if holds is None else not holds
        case ast.Compare(left=left, ops=[ast.In()], comparators=[where]) if code.is_environ(where):
            name = code.string(left)
            return None if name is None or is_known(name, redis=True) else name in look.given
    found = _value(test, look)
    return bool(found.value) if found and found.valid else None


def _value(node: ast.AST, look: _Look, depth: int = 0) -> Followed | None:
    """What becomes of the variable that is read somewhere in ``node``; None where none is that is understood."""
    if (read := _read(node)) is not None:
        return _given(*read, look.given)
    if isinstance(node, ast.Name):
        return _named_value(node.id, look, depth)
    for inner in ast.iter_child_nodes(node):
        if (found := _value(inner, look, depth)) is not None:
            return through(found, node, inner)
    return None


def _given(name: str, default: ast.expr | None, kind: str, given: Mapping[str, str]) -> Followed | None:
    if is_known(name, redis=True):
        return None
    cast = cast_of(kind, empty_is_false=True)
    if name in given:
        return begun(cast, given[name]) if cast else None
    return Followed(default.value) if isinstance(default, ast.Constant) else None


def _named_value(name: str, look: _Look, depth: int) -> Followed | None:
    """Of a name that has one value; followed once, for settings name each other again and again."""
    values = look.values.get(name, ())
    if len(values) != 1 or depth >= DEEPEST:
        return None
    if name not in look.followed:
        look.followed[name] = None  # while it is followed: one that stands for itself
        look.followed[name] = _value(values[0], look, depth + 1)
    return look.followed[name]


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
