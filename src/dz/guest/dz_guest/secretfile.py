"""A file that settings read SECRET_KEY from, as Django's deployment checklist proposes: it is on its author's machine
and in no repository. Where it is missing, what is read from it is the project's own key, made by the platform.

Promise: of a file that is read for anything else (a JSON of many values, say) nothing changes.
"""

import ast
import builtins
import io
import os
import sys
from contextlib import contextmanager

from dz_guest import spec

KEY = "SECRET_KEY"
READS = ("read", "readline", "read_text", "read_bytes")
NEAR = 6  # calls of the standard library between theirs and the file's opening, as pathlib's
_LIBRARY = os.path.dirname(os.__file__) + os.sep


@contextmanager
def stood_in_for():
    """While the settings are imported; what they exchange themselves stays."""
    opened = _Open(builtins.open, os.environ.get("DZ_SECRET_KEY", ""))
    builtins.open = io.open = opened
    try:
        yield
    finally:
        for module in (builtins, io):
            if module.open is opened:
                module.open = opened.plain


class _Open:
    """``open``; as that, and as no function is, no method where a class has it for an attribute."""

    def __init__(self, plain, ours):
        self.plain, self.ours = plain, ours

    def __call__(self, file, mode="r", *more, **named):
        try:
            return self.plain(file, mode, *more, **named)
        except FileNotFoundError:
            if not self.ours or "r" not in mode or not _is_the_keys(sys._getframe(1)):
                raise
            return io.BytesIO(self.ours.encode("ascii")) if "b" in mode else io.StringIO(self.ours)


def _is_the_keys(frame):
    """Whether the project's line that opens it reads all of the file into SECRET_KEY, or a function of its own does
    that returns what it read."""
    for _ in range(NEAR):
        if frame is None or not frame.f_code.co_filename.startswith(_LIBRARY):
            break
        frame = frame.f_back
    # A library asks for many files that there are not: to read what it does at each takes longer than to load it.
    here = _statement(frame) if frame is not None and _is_theirs(frame) else None
    if here is None or not _reads_all(here):
        return False
    if _gives(here):
        return True
    returns = any(isinstance(one, ast.Return) for one in ast.walk(here))
    caller = _statement(frame.f_back) if returns else None
    return caller is not None and _gives(caller)


def _is_theirs(frame):
    return frame.f_code.co_filename.startswith(spec.get("code", os.getcwd()) + os.sep)


def _statement(frame):
    """What is run there: the innermost ``with`` or simple statement around its line."""
    try:
        with io.open(frame.f_code.co_filename, "rb") as file:
            tree = ast.parse(file.read())
    except (AttributeError, OSError, SyntaxError, ValueError):
        return None
    around = [
        one
        for one in ast.walk(tree)
        if isinstance(one, (ast.With, ast.Assign, ast.AnnAssign, ast.Return))
        and one.lineno <= frame.f_lineno <= _end(one)
    ]
    return max(around, key=lambda one: one.lineno) if around else None


def _end(node):
    return max(getattr(one, "lineno", 0) for one in ast.walk(node))


def _reads_all(node):
    """Whether it reads one thing, and that is the file: what is read after a key is none."""
    names = [
        one.func.attr for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
    ]
    return sum(name in READS for name in names) == 1 and not {"load", "loads", "safe_load"}.intersection(names)


def _gives(node):
    """Whether it gives SECRET_KEY alone its value."""
    stored = [one for one in ast.walk(node) if isinstance(one, (ast.Assign, ast.AnnAssign))]
    targets = [target for one in stored for target in getattr(one, "targets", None) or [one.target]]
    return any(isinstance(one, ast.Name) and one.id == KEY for one in targets)
