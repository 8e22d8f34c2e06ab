"""Where Python code reads environment variables, and whether it does without.

Understood: os.environ and os.getenv, python-decouple, django-environ and environs, dj-database-url, and functions of
the project's own that hand a name on to one of these.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from dz.tasklib.build.inspect import code
from dz.tasklib.build.inspect.aliases import aliases
from dz.tasklib.build.inspect.refusals import refused
from dz.tasklib.build.inspect.tree import Tree

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
# Functions that take no None.
_PARSERS = re.compile(r"int|float|len|([\w.]+\.)?strtobool|(json\.)?loads|(ast\.)?literal_eval|(base64\.)?b64decode")
_ENV_TYPES = re.compile(
    r"(dj_)?(db|cache|email|search)(_url)?|str|bool|int|float|list|tuple|dict|json|url|path|bytes|enum|decimal|date"
    r"|datetime|timedelta|uuid|channels|log_level"
)
_IMPLIED = {"db": "DATABASE_URL", "cache": "CACHE_URL", "email": "EMAIL_URL"}


class Need(Enum):
    """What happens without the variable."""

    FAILS = "required"  # the read raises
    EMPTY = "none"  # it gives None: the site may work
    DEFAULT = "optional"


@dataclass(frozen=True, slots=True)
class Read:
    name: str
    line: int
    need: Need
    at_import: bool


@dataclass(frozen=True, slots=True)
class Readers:
    """What modules read variables with, and hand on to others that import them: functions that raise for a missing name
    (python-decouple's, and their own), the names that have a default in their ``environ.Env``, and their own functions
    that do without."""

    functions: frozenset[str] = frozenset()
    defaults: frozenset[str] = frozenset()
    lenient: frozenset[str] = frozenset()


def readers(modules: Iterable[ast.Module]) -> Readers:
    """Those of all these modules."""
    each = [_handed_on(module) for module in modules]
    return Readers(
        frozenset(name for one in each for name in one.functions),
        frozenset(name for one in each for name in one.defaults),
        frozenset(name for one in each for name in one.lenient),
    )


@functools.lru_cache(maxsize=1024)
def _handed_on(module: ast.Module) -> Readers:
    functions = _own_helpers(module) | code.imported_from(module, "decouple")
    lenient = _lenient_helpers(module) | {name for name, meant in aliases(module).items() if meant in code.GETTERS}
    return Readers(frozenset(functions), frozenset(_schemes(module)), lenient)


def reads_of(tree: Tree, path: str, known: Readers) -> list[Read]:
    """``reads`` of a file, once."""
    module = tree.syntax(path)
    key = f"reads {sorted(known.functions)} {sorted(known.defaults)} {sorted(known.lenient)}"
    return tree.remember(key, path, lambda: reads(module, known) if module else [])


def reads(module: ast.Module, known: Readers) -> list[Read]:
    """Every read in a module. ``known``: what other modules hand on to it."""
    own = readers([module])
    lenient = known.lenient - code.assignments(module).keys() | own.lenient
    finder = _Finder(known.functions | own.functions, known.defaults | own.defaults, lenient)
    finder.visit(module)
    refusals = [Read(name, line, Need.FAILS, True) for name, line in refused(module) if _NAME.fullmatch(name)]
    return [*finder.found, *_of_lists(module), *refusals]


def _of_lists(module: ast.Module) -> Iterator[Read]:
    """``for name in ["A", "B"]`` (or a list of that name), each looked for in os.environ, in a module that raises."""
    if not any(isinstance(one, ast.Raise) for one in ast.walk(module)):
        return
    for whole in ast.walk(module):
        loop = getattr(whole, "generators", [whole])[0]
        if not isinstance(loop, ast.For | ast.comprehension) or not isinstance(loop.target, ast.Name):
            continue
        named = code.assigned(module, loop.iter.id) if isinstance(loop.iter, ast.Name) else [loop.iter]
        asked = loop.target.id in _looked_for(whole)
        if named and asked and isinstance(named[-1], ast.List | ast.Tuple | ast.Set):
            names = [one for one in named[-1].elts if _NAME.fullmatch(code.string(one) or "")]
            yield from (Read(str(code.string(one)), one.lineno, Need.FAILS, True) for one in names)


def _looked_for(loop: ast.AST) -> Iterator[str]:
    """Names of whose value it is asked whether it is a variable: ``name not in os.environ``, ``os.environ[name]``. What
    is set is not asked for, and ``get`` only where something is made to depend on what it gives."""
    tests = any(isinstance(one, ast.If | ast.IfExp | ast.Assert | ast.BoolOp) for one in ast.walk(loop))
    depends = tests or not isinstance(loop, ast.For | ast.DictComp)
    for one in ast.walk(loop):
        if isinstance(one, ast.Compare) and code.is_environ(one.comparators[0]):
            yield code.dotted(one.left)
        elif isinstance(one, ast.Subscript) and _is_environ(one) and isinstance(one.ctx, ast.Load):
            yield code.dotted(one.slice)
        elif depends and isinstance(one, ast.Call) and code.dotted(one.func) in code.GETTERS and len(one.args) == 1:
            yield code.dotted(one.args[0])


def _own_helpers(module: ast.Module) -> frozenset[str]:
    """Functions that read ``os.environ[first argument]`` for their caller and have no default."""
    found = set()
    for one in ast.walk(module):
        if isinstance(one, ast.FunctionDef) and one.args.args and not one.args.defaults:
            first = one.args.args[0].arg
            keys = [sub.slice for sub in ast.walk(one) if isinstance(sub, ast.Subscript) and _is_environ(sub)]
            asks = [sub for sub in ast.walk(one) if isinstance(sub, ast.Compare) and isinstance(sub.ops[0], ast.In)]
            asked = any(code.dotted(sub.left) == first for sub in asks)  # ``if name in os.environ``
            if not asked and any(isinstance(key, ast.Name) and key.id == first for key in keys):
                found.add(one.name)
    return frozenset(found)


def _lenient_helpers(module: ast.Module) -> frozenset[str]:
    """Functions that return ``os.environ.get(first argument, ...)`` to their caller."""
    functions = [one for one in ast.walk(module) if isinstance(one, ast.FunctionDef) and one.args.args]
    return frozenset(
        one.name
        for one in functions
        for sub in ast.walk(one)
        if isinstance(sub, ast.Return) and isinstance(sub.value, ast.Call)
        if code.dotted(sub.value.func) in code.GETTERS and sub.value.args
        if code.dotted(sub.value.args[0]) == one.args.args[0].arg
    )


def _is_environ(node: ast.Subscript) -> bool:
    return code.is_environ(node.value)


def _schemes(module: ast.Module) -> frozenset[str]:
    """Names with a default in ``environ.Env(DEBUG=(bool, False))``; of ``Env(**defaults)`` it may be any: ``*``."""
    return frozenset(
        word.arg or "*"
        for call in code.calls(module)
        if code.dotted(call.func).endswith("Env")
        for word in call.keywords
        if word.arg is None or isinstance(word.value, ast.Tuple)
    )


def _asked_by(test: ast.expr) -> set[str]:
    """What an ``if`` makes optional: everything, unless it asks for DEBUG alone, which is off here and decides alike.

    Whether a feature that some variable or setting switches on is in use, only the import tells.
    """
    names = {one.id for one in ast.walk(test) if isinstance(one, ast.Name)}
    return set(code.strings(test)) | ({"*"} if names - {"DEBUG"} else set())


def _asked_first(test: ast.expr) -> set[str]:
    """What is optional where it holds: everything under DEBUG, which is off here."""
    return {"*"} if isinstance(test, ast.Name) and test.id == "DEBUG" else _asked_by(test)


class _Finder(ast.NodeVisitor):
    def __init__(self, functions: frozenset[str], defaults: frozenset[str], lenient: frozenset[str]) -> None:
        self.found: list[Read] = []
        self._functions, self._defaults, self._lenient = functions, defaults, lenient
        self._inside = 0  # of functions
        self._guarded: list[set[str]] = []  # names that an enclosing ``if`` asked for, or everything in a try
        self._needed = False  # by a call that cannot take None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside += 1
        self.generic_visit(node)
        self._inside -= 1

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef  # type: ignore[assignment]

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._within(_asked_first(node.test), node.body)
        self._within(_asked_by(node.test), node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._visit_needed(node.test, False)
        self._within(_asked_by(node.test), [node.body, node.orelse])

    def visit_Try(self, node: ast.Try) -> None:
        # A handler that goes on makes the reads in the body optional; one that raises again does not.
        forgiven = any(not isinstance(one.body[-1], ast.Raise) for one in node.handlers)
        self._within({"*"} if forgiven else set(), node.body)
        self._within(set(), [*node.handlers, *node.orelse, *node.finalbody])

    def _within(self, names: set[str], nodes: list[ast.stmt] | list[ast.expr] | list[ast.AST]) -> None:
        self._guarded.append(names)
        for one in nodes:
            self.visit(one)
        self._guarded.pop()

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if _is_environ(node) and isinstance(node.ctx, ast.Load):
            self._add(code.string(node.slice), node.lineno, Need.FAILS)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._read(node, code.dotted(node.func))
        for one in [*node.args, *[word.value for word in node.keywords]]:
            self._visit_needed(one, _PARSERS.fullmatch(code.dotted(node.func)) is not None)
        if isinstance(node.func, ast.Attribute):
            self._visit_needed(node.func.value, isinstance(node.func.value, ast.Call))

    def visit_Assert(self, node: ast.Assert) -> None:
        """``assert os.getenv("X")``, ``assert "X" in os.environ``."""
        self._visit_needed(node.test, not any(isinstance(one, ast.Not) for one in ast.walk(node.test)))
        for one in ast.walk(node.test):
            if isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.In) and code.is_environ(one.comparators[0]):
                self._add(code.string(one.left), one.lineno, Need.FAILS)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """``os.getenv("X") or "default"``: what stands at the left may be empty. ``"X" in os.environ and ...``: what
        stands at the right is read where the left says so."""
        if isinstance(node.op, ast.Or):
            self._within({"*"}, list(node.values[:-1]))
            self.visit(node.values[-1])
            return
        asked: set[str] = set()
        for one in node.values:
            self._within(asked, [one])
            asked = asked | _asked_first(one)

    def _visit_needed(self, node: ast.AST, needed: bool) -> None:
        """``int(os.getenv("X"))``, ``os.getenv("X").split(",")``: None is not enough there."""
        before, self._needed = self._needed, needed
        self.visit(node)
        self._needed = before

    def _read(self, node: ast.Call, name: str) -> None:
        first = code.string(node.args[0]) if node.args else None
        default = len(node.args) > 1 or code.keyword(node, "default") is not None
        stem, _, last = name.rpartition(".")
        is_env = stem.lower().endswith("env") and _ENV_TYPES.fullmatch(last)
        if name in code.GETTERS:
            self._add(first, node.lineno, Need.DEFAULT if default else Need.FAILS if self._needed else Need.EMPTY)
        elif name in self._lenient:
            self._add(first, node.lineno, Need.DEFAULT if default else Need.EMPTY)
        elif name in self._functions:
            self._add(first, node.lineno, Need.DEFAULT if default else Need.FAILS)
        elif is_env and not node.args and (implied := _IMPLIED.get(last.removesuffix("_url"))):
            self._add(implied, node.lineno, Need.DEFAULT if default else Need.FAILS)
        elif is_env or name.lower() in ("env", "self.env"):
            self._add(first, node.lineno, Need.DEFAULT if default or self._defaults & {first, "*"} else Need.FAILS)
        elif name in ("dj_database_url.config", "dburl.config"):
            env = code.string(code.keyword(node, "env")) or "DATABASE_URL"
            self._add(env, node.lineno, Need.DEFAULT if default or node.args else Need.EMPTY)

    def _add(self, name: str | None, line: int, need: Need) -> None:
        if name is None or _NAME.fullmatch(name) is None:
            return
        if any(name in one or "*" in one for one in self._guarded) and need is Need.FAILS:
            need = Need.DEFAULT
        self.found.append(Read(name, line, need, self._inside == 0))
