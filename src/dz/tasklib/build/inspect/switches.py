"""Variables that switch debugging on (or a mail server's encryption) and that the code fails without, and the text that
all of their reads take as off.

No value of such a switch is right everywhere (``int`` wants a number, a bare string "False" is true), so each text is
followed through what the code makes of it. What is handed to code that is not understood is none of these.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from dz.tasklib.build.inspect import code
from dz.tasklib.build.inspect.switchtexts import Cast, Followed, begun, cast_of, through
from dz.tasklib.build.inspect.tree import Tree

TEXTS = ("", "0", "False", "false", "off", "no")  # the first that all reads take
_SWITCH = re.compile(
    r"(?i)(?!(.*_)?(NO|NON|NOT|DISABLE|WITHOUT)_)([A-Z][A-Z0-9]*_){0,3}(DEBUG(_(MODE|VALUE|STATUS|STATE|ENABLED|ON))?|USE_(TLS|SSL))"
)
_LIBRARY = re.compile(r"^[ \t]*(?:import|from)[ \t]+(environs?)\b", re.MULTILINE)


def off_texts(tree: Tree, paths: Iterable[str]) -> dict[str, str]:
    """The switches of these modules, each with the text that turns it off."""
    modules = [module for path in paths if (module := tree.syntax(path))]
    readers = _Readers(modules, tree)
    found: dict[str, list[str]] = {}
    for module in modules:
        for name, texts in _reads(module, readers):
            found[name] = [one for one in found.get(name, TEXTS) if one in texts]
    return {name: texts[0] for name, texts in found.items() if texts}


def _handing_on(module: ast.Module) -> Iterator[str]:
    """Functions that return ``os.environ[first argument]`` as it is, and nothing else."""
    for one in ast.walk(module):
        if isinstance(one, ast.FunctionDef) and len(one.args.args) == 1:
            first = one.args.args[0].arg
            given = [sub.value for sub in ast.walk(one) if isinstance(sub, ast.Return)]
            if given and all(
                isinstance(value, ast.Subscript) and code.is_environ(value.value) and code.dotted(value.slice) == first
                for value in given
            ):
                yield one.name


def _reads(module: ast.Module, readers: _Readers) -> Iterator[tuple[str, list[str]]]:
    """(name, the texts that this read takes as off) of everything that is handed a switch's name."""
    above = {inner: one for one in ast.walk(module) for inner in ast.iter_child_nodes(one)}
    for one, parent in above.items():
        name = code.string(one)
        if name is None or not _SWITCH.fullmatch(name):
            continue
        cast = readers.cast(one, parent)
        if cast is not None:
            yield name, [text for text in TEXTS if _is_off(begun(cast, text), parent, above)]
        elif isinstance(parent, ast.Call) and parent.args[:1] == [one]:
            yield name, []
        elif isinstance(parent, ast.Subscript) and code.is_environ(parent.value):
            yield name, []  # the code sets it itself
        elif isinstance(parent, ast.Compare) and isinstance(above.get(parent), ast.Assign | ast.AnnAssign):
            yield name, []  # ``DEBUG = "DEBUG" in os.environ``


class _Readers:
    """What a project reads variables by, and what each makes of a text. Its ``env`` may be made in another module."""

    def __init__(self, modules: list[ast.Module], tree: Tree) -> None:
        self._plain = {*code.GETTERS, *(name for module in modules for name in _handing_on(module))}
        self._decouple = {name for module in modules for name in code.imported_from(module, "decouple")}
        imported = {name for path in tree.python_with("environ") for name in _LIBRARY.findall(tree.text(path))}
        self._environ, self._environs = "environ" in imported, "environs" in imported

    def cast(self, name: ast.AST, read: ast.AST) -> Cast | None:
        """None for what is no read, or none that is understood."""
        if isinstance(read, ast.Subscript):
            return str if code.is_environ(read.value) and isinstance(read.ctx, ast.Load) else None
        if not isinstance(read, ast.Call) or read.args[:1] != [name]:
            return None
        function, cast = code.dotted(read.func), code.keyword(read, "cast")
        stem, _, kind = function.lower().rpartition(".")
        if function in self._plain:
            return str
        asked = code.dotted(cast) if cast else "str"
        if function in self._decouple:
            return cast_of(asked, empty_is_false=True)
        if self._environ or self._environs:
            lenient = not self._environs
            if function.lower() in ("env", "self.env"):
                return cast_of(asked, empty_is_false=lenient)
            if stem in ("env", "self.env"):
                return cast_of(kind, empty_is_false=lenient)
        return None


def _is_off(found: Followed, read: ast.AST, above: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether what the code makes of the text that it read is as good as no. Where something is on because it is *not*
    some word, only a switch's own name says which of the two is off."""
    parent = above.get(read)
    while parent is not None and found.valid and (grown := through(found, parent, read)):
        found, read, parent = grown, parent, above.get(parent)
    handed = isinstance(parent, ast.Call | ast.keyword | ast.Subscript | ast.UnaryOp | ast.Starred | ast.Assert)
    if not found.valid or found.value or handed or isinstance(parent, ast.Attribute):
        return False
    return not found.turned or _is_a_switch(parent)


def _is_a_switch(statement: ast.AST | None) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return all(isinstance(one, ast.Name) and _SWITCH.fullmatch(one.id) for one in targets)
