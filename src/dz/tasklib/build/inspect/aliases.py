"""What a module calls the environment: ``env = os.environ.get``, ``from os import getenv as env``.

Promise: where such a name means nothing else in the module, its syntax has what it stands for instead, so that whoever
asks about reads need not know of names; ``env("KEY")`` is else taken for django-environ's, which fails without KEY.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

_MEANT = ("os.environ", "environ", "os.environ.get", "environ.get", "os.getenv", "getenv")


def aliases(module: ast.Module) -> Mapping[str, str]:
    """Names for the environment and for what reads it, by what they stand for; none that the module also uses
    otherwise."""
    found = dict(_named(module))
    if not found:
        return {}
    given = Counter(_given(module))
    return {name: meant for name, meant in found.items() if given[name] == 1 and name not in _MEANT}


def written_out(module: ast.Module) -> ast.Module:
    """The same module with each of its aliases written out where it is used."""
    if not (names := aliases(module)):
        return module
    for parent in ast.walk(module):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, list):
                value[:] = [_meant(one, names) for one in value]
            else:
                setattr(parent, field, _meant(value, names))
    return module


def _named(module: ast.Module) -> Iterator[tuple[str, str]]:
    for one in module.body:
        match one:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute() | ast.Name() as value):
                if (text := _dotted(value)) in _MEANT:
                    yield name, text
            case ast.ImportFrom(module="os", names=names):
                yield from ((two.asname, f"os.{two.name}") for two in names if two.asname and two.name in _MEANT)


def _dotted(node: ast.expr) -> str:
    """``os.environ.get``; of what is deeper than that anything."""
    words: list[str] = []
    while isinstance(node, ast.Attribute) and len(words) < 3:
        words.append(node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *reversed(words)])


def _given(module: ast.Module) -> Iterator[str]:
    """Each place where a name gets a meaning, in functions too."""
    for one in ast.walk(module):
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load):
            yield one.id
        elif isinstance(one, ast.arg):
            yield one.arg
        elif isinstance(one, ast.alias):
            yield one.asname or one.name
        elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield one.name


def _meant(node: object, names: Mapping[str, str]) -> object:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        instead = ast.parse(names[node.id], mode="eval").body
        for one in ast.walk(instead):
            ast.copy_location(one, node)
        return instead
    return node
