"""Variables that switch debugging on and that the code fails without, where an empty value is read as off.

No value of such a switch is right everywhere (``int`` wants a number, a bare string "False" is true), so it is read how
each is parsed: what takes no empty value, or has a default of its own somewhere, is none of these.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from dz.tasklib.build.inspect import code

_SWITCH = re.compile(
    r"(?!(.*_)?(NO|NON|NOT|DISABLE|WITHOUT)_)([A-Z][A-Z0-9]*_){0,3}DEBUG(_(MODE|VALUE|STATUS|STATE|ENABLED|ON))?"
)
_TRUTH = ("bool", "str")  # of an empty string: false
_OFF = ("", "0", "false", "f", "no", "n", "off", "none", "prod", "production")  # what is not these is on, then


def off_when_empty(modules: Iterable[ast.Module]) -> frozenset[str]:
    """The switches of these modules that may be given an empty value."""
    found: dict[str, bool] = {}
    for module in modules:
        for name, takes_it in _reads(module):
            found[name] = found.get(name, True) and takes_it
    return frozenset(name for name, takes_it in found.items() if takes_it)


def _reads(module: ast.Module) -> Iterator[tuple[str, bool]]:
    """(name, whether that read takes an empty value) of everything that is handed a switch's name."""
    above = {inner: one for one in ast.walk(module) for inner in ast.iter_child_nodes(one)}
    decouple = code.imported_from(module, "decouple")
    environ = bool(code.imported_from(module, "environ")) or "environ" in _plainly_imported(module)
    for one, parent in above.items():
        name = code.string(one)
        if name is None or not _SWITCH.fullmatch(name) or not isinstance(parent, ast.Subscript | ast.Call):
            continue
        if isinstance(parent, ast.Subscript):
            if code.is_environ(parent.value):
                yield name, isinstance(parent.ctx, ast.Load) and _is_off(parent, above)
        elif parent.args[:1] == [one]:
            yield name, _is_understood(parent, decouple, environ=environ) and _is_off(parent, above)


def _is_understood(call: ast.Call, decouple: frozenset[str], *, environ: bool) -> bool:
    """``config("DEBUG", cast=bool)`` of python-decouple, ``env("DEBUG")`` and ``env.bool("DEBUG")`` of django-environ,
    and what asks os.environ for a text (``os.getenv("DEBUG").lower() in ("true", "1")``), without a default."""
    function = code.dotted(call.func)
    cast = code.keyword(call, "cast")
    if len(call.args) > 1 or code.keyword(call, "default") is not None:
        return False
    known = function in (*decouple, *code.GETTERS) or (environ and function.lower() in ("env", "env.bool"))
    return known and (cast is None or code.dotted(cast) in _TRUTH)


def _is_off(read: ast.AST, above: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether an empty text that was read, or what its methods, ``bool`` and comparisons make of it, is as good as no:
    it is handed to nothing that may want more (``int``, a key), and nothing is on because it is *not* some word."""
    parent = above.get(read)
    while (
        isinstance(parent, ast.Attribute | ast.Compare)
        or (isinstance(parent, ast.Call) and parent.func is read)
        or (isinstance(parent, ast.Call) and read in parent.args and code.dotted(parent.func) in _TRUTH)
    ):
        if isinstance(parent, ast.Compare) and not _asks_for_on(parent):
            return False
        read, parent = parent, above.get(parent)
    return not isinstance(parent, ast.Call | ast.keyword | ast.Subscript | ast.UnaryOp | ast.Starred | ast.Assert)


def _asks_for_on(one: ast.Compare) -> bool:
    """``... == "True"``, ``... in ("1", "true")``; not ``!= "False"``, nor ``in "true"``, which has an empty text."""
    lists = [right for op, right in zip(one.ops, one.comparators, strict=True) if isinstance(op, ast.In)]
    return (
        all(isinstance(op, ast.Eq | ast.In) for op in one.ops)
        and all(code.string(right) is None for right in lists)
        and not any(word.strip().lower() in _OFF for word in code.strings(one) if not _SWITCH.fullmatch(word))
    )


def _plainly_imported(module: ast.Module) -> list[str]:
    return [alias.name for one in ast.walk(module) if isinstance(one, ast.Import) for alias in one.names]
