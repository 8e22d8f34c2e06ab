"""Variables that a module refuses to be imported without: it reads them, looks whether it has them, and raises.

``KEY = os.getenv("KEY")`` and then ``if not KEY: raise ...``, or ``if KEY: ... else: raise ...``. What only happens on
some condition is not looked at, but for DEBUG, which is off.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dz.tasklib.build.inspect import code


def refused(module: ast.Module) -> list[tuple[str, int]]:
    """(name, line) of each, the line of the read."""
    read: dict[str, tuple[str, int]] = {}  # by what the module calls it
    found = []
    for one in _always(module.body):
        if isinstance(one, ast.Assign) and (name := _read(one.value)):
            read |= {target.id: (name, one.lineno) for target in one.targets if isinstance(target, ast.Name)}
        elif isinstance(one, ast.If):
            names = _lacking(one.test) if _ends(one.body) else {}
            names |= _had(one.test) if _ends(one.orelse) else {}
            found += [read[name] for name in names if name in read]
    return found


def _always(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for one in body:
        yield one
        if isinstance(one, ast.If) and _is_debug(one.test):
            yield from _always(one.orelse)
        elif isinstance(one, ast.If) and isinstance(one.test, ast.UnaryOp) and _is_debug(one.test.operand):
            yield from _always(one.body)


def _read(value: ast.expr) -> str:
    """What ``os.getenv("KEY")`` reads, and so with an empty default."""
    if not isinstance(value, ast.Call) or code.dotted(value.func) not in code.GETTERS or not value.args:
        return ""
    defaults = [*value.args[1:], *(word.value for word in value.keywords)]
    empty = all(isinstance(one, ast.Constant) and not one.value for one in defaults)
    return code.string(value.args[0]) or "" if empty else ""


def _lacking(test: ast.expr) -> dict[str, None]:
    """Names without a value where ``test`` is true, whatever else it asks: ``not KEY``, ``KEY is None``, one ``or``
    another; ``not DEBUG and not KEY``."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
            return {name: None}
        case ast.UnaryOp(
            op=ast.Not(), operand=ast.Call(func=ast.Name(id="all"), args=[ast.List() | ast.Tuple() as asked])
        ):
            return {one.id: None for one in asked.elts if isinstance(one, ast.Name)}
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None | "")]
        ):
            return {name: None}
        case ast.BoolOp(op=ast.Or(), values=values):
            return {name: None for one in values for name in _lacking(one)}
        case ast.BoolOp(op=ast.And(), values=[ast.UnaryOp(op=ast.Not(), operand=debug), other]) if _is_debug(debug):
            return _lacking(other)
    return {}


def _had(test: ast.expr) -> dict[str, None]:
    return {test.id: None} if isinstance(test, ast.Name) else {}


def _ends(body: list[ast.stmt]) -> bool:
    """Whether it ends the import."""
    match body[-1:]:
        case [ast.Raise()]:
            return True
        case [ast.Expr(value=ast.Call(func=called))]:
            return code.dotted(called) in ("sys.exit", "exit")
    return False


def _is_debug(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "DEBUG"
