"""Which packages have a part in an exception: of all others no other release would mend it.

Those whose code ran when it was raised, those of the exception's own class, and those that the project's statements
name, on which it ran. Told by the name that they have below ``site-packages``.
"""

import ast
import functools
import os
import re
import socket
import sys

BELOW = re.compile(r".*[/\\](?:site|dist)-packages[/\\]([^/\\]+)")
# No release brings a network, where there is none.
UNREACHABLE = (ConnectionError, socket.gaierror, socket.timeout)


def packages(links, own):
    """Their names; None where they can't be told. ``own``: whether a file is the project's."""
    if any(isinstance(error, UNREACHABLE) for error in links):
        return []
    found = set()
    for error in links:
        found.update(map(_of_module, _modules(type(error))))
        if isinstance(error, ImportError) and error.name:
            found.add(error.name.split(".")[0])
        step = error.__traceback__
        while step is not None:
            file = step.tb_frame.f_code.co_filename
            found.add(_of_file(file))
            if own(file):
                named = _named(file, step.tb_lineno, step.tb_frame, error)
                if named is None:
                    return None
                found.update(named)
            step = step.tb_next
    return sorted(found - {""})[:100]


def _named(file, line, frame, error):
    """What the statement at that line names: modules that it imports, and where the things come from that it uses."""
    try:
        with open(file, "rb") as text:
            tree = ast.parse(text.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    holding = [one for one in ast.walk(tree) if isinstance(one, ast.stmt) and _begins(one) <= line <= _ends(one)]
    if not holding:
        return None
    statement = max(holding, key=_begins)
    if isinstance(error, NameError):  # a name may have been among all that a module once gave
        every = [one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.names[0].name == "*"]
    else:
        every = []
    found = set()
    for one in list(ast.walk(statement)) + every:
        if isinstance(one, ast.Import):
            found.update(alias.name.split(".")[0] for alias in one.names)
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            found.add(one.module.split(".")[0])
        elif isinstance(one, ast.Name):
            thing = frame.f_locals.get(one.id, frame.f_globals.get(one.id))
            found.update(map(_of_module, _modules(thing)))
    return found


def _begins(statement):
    return min([statement.lineno] + [one.lineno for one in getattr(statement, "decorator_list", [])])


def _ends(statement):
    """Its last line; Python before 3.8 does not say it."""
    return max(getattr(one, "end_lineno", None) or getattr(one, "lineno", 0) for one in ast.walk(statement))


def _modules(thing):
    """Names of the modules that it is of: itself, or where it and its classes were written."""
    try:
        while isinstance(thing, functools.partial):
            thing = thing.func
        if isinstance(thing, type(sys)):
            return [thing.__name__]
        classes = (thing if isinstance(thing, type) else type(thing)).__mro__
        return [str(getattr(thing, "__module__", ""))] + [str(one.__module__) for one in classes]
    except Exception:
        return []


def _of_module(name):
    return _of_file(getattr(sys.modules.get(name), "__file__", None) or "")


def _of_file(file):
    found = BELOW.match(file)
    return os.path.splitext(found.group(1))[0].split(".")[0] if found else ""
