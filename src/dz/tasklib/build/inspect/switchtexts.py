"""What Python code makes of a text that it read, followed from one expression to the one around it: never run."""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dz.tasklib.build.inspect import code

Cast = Callable[[str], object]

_ON = ("y", "yes", "t", "true", "on", "1")
_OFF = ("n", "no", "f", "false", "off", "0")
_NO = ("", *_OFF, "none", "prod", "production")  # what is asked for by these is on without them
_METHODS = ("lower", "upper", "strip", "rstrip", "lstrip", "title", "capitalize", "casefold")
_OPERATORS: Mapping[type[ast.cmpop], Callable[[object, object], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda left, right: left in right,  # type: ignore[operator]
    ast.NotIn: lambda left, right: left not in right,  # type: ignore[operator]
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


def _strtobool(text: object) -> bool:
    word = str(text).lower()
    if word not in (*_ON, *_OFF):
        raise ValueError
    return word in _ON


def _bool(text: str) -> bool:
    """Of python-decouple and django-environ."""
    return bool(text) and _strtobool(text)


_CASTS: Mapping[str, Callable[..., object]] = {
    "str": str,
    "int": int,
    "float": float,
    "strtobool": _strtobool,
    "loads": json.loads,
    "json": json.loads,
    "literal_eval": ast.literal_eval,
}
_FUNCTIONS: Mapping[str, Callable[..., object]] = {**_CASTS, "bool": bool, "eval": ast.literal_eval}


def cast_of(name: str, *, empty_is_false: bool) -> Cast | None:
    """What a library makes of a text that it shall return as that. ``empty_is_false``: as a bool."""
    last = name.rpartition(".")[2]
    return (_bool if empty_is_false else _strtobool) if last == "bool" else _CASTS.get(last)


@dataclass(frozen=True, slots=True)
class Followed:
    """``value``: what became of the text so far. ``valid``: nothing failed for it; ``turned``: something was asked for
    being off, or for not being something."""

    value: object
    valid: bool = True
    turned: bool = False


def begun(cast: Cast, text: str) -> Followed:
    """What a read gives that text as."""
    return _applied(Followed(text), cast)


def through(so_far: Followed, outer: ast.AST, inner: ast.AST) -> Followed | None:
    """What ``outer`` makes of it, of which ``inner`` is a part; None where it is not an expression that is known."""
    value = so_far.value
    match outer:
        case ast.Attribute(attr=name) if name in _METHODS:
            return so_far  # its call comes next
        case ast.Call(func=ast.Attribute(attr=name), args=[]) if outer.func is inner and isinstance(value, str):
            return replace(so_far, value=getattr(value, name)())
        case ast.Call(args=[only], keywords=[]) if only is inner:
            function = _FUNCTIONS.get(code.dotted(outer.func).rpartition(".")[2])
            return _applied(so_far, function) if function else None
        case ast.Compare(ops=[op], comparators=[_]):
            return _compared(so_far, outer, inner, _OPERATORS.get(type(op)))
        case ast.UnaryOp(op=ast.Not()):
            return replace(so_far, value=not value, turned=True)
        case ast.IfExp(test=test, body=ast.Constant(value=body), orelse=ast.Constant(value=orelse)) if test is inner:
            return replace(so_far, value=body if value else orelse, turned=so_far.turned or not body)
        case ast.Subscript(value=ast.Dict() as words, slice=key) if key is inner:
            return _looked_up(so_far, words)
    return None


def _looked_up(so_far: Followed, words: ast.Dict) -> Followed:
    for word, answer in zip(words.keys, words.values, strict=True):
        if code.string(word) == so_far.value and isinstance(answer, ast.Constant):
            return replace(so_far, value=answer.value, turned=True)
    return replace(so_far, valid=False)


def _compared(
    so_far: Followed, outer: ast.Compare, inner: ast.AST, op: Callable[[object, object], object] | None
) -> Followed | None:
    left, right = outer.left, outer.comparators[0]
    try:
        other = ast.literal_eval(right if left is inner else left)
    except (ValueError, TypeError):
        return None
    sides = (so_far.value, other) if left is inner else (other, so_far.value)
    words = other if isinstance(other, list | tuple | set | frozenset) else [other]
    asked = isinstance(outer.ops[0], ast.Eq | ast.In) and not any(str(one).strip().lower() in _NO for one in words)
    turned = replace(so_far, turned=so_far.turned or not asked)
    return _applied(turned, lambda _: op(*sides)) if op else None


def _applied(so_far: Followed, function: Callable[..., object]) -> Followed:
    try:
        return replace(so_far, value=function(so_far.value))
    except (ValueError, TypeError, LookupError, SyntaxError):
        return replace(so_far, valid=False)
