"""An exception of a project as plain values: what kind it is, which line of the project's own code, the traceback.

``kind``: ``syntax``, ``module`` (not installed), ``variable`` (an environment variable without a value), ``file`` (that
it opens and that is not there), ``database`` (code that asks the database while it is imported), ``extension`` and
``extension-denied`` (of PostgreSQL: not on the server, or made by superusers alone), ``library`` (of the system),
``exit``, ``ours`` (this guest's own code failed) or ``exception``; its name is then what a package of the project's own
lacks, if it is that. ``packages``: those that have a part in it, null where that can't be told.
"""

import importlib
import linecache
import os
import re
import traceback

from dz_guest import involved, spec

MOST = 8000
GUEST = os.path.dirname(os.path.abspath(__file__))
IMPORTING = ("<frozen importlib", os.path.dirname(importlib.__file__))
HIDDEN = IMPORTING + (GUEST,)
PYTHON = ("<frozen ", os.path.dirname(os.__file__))
# Functions of the guest that read what each project has to have, and errors that tell of the project, or of the host.
ASKING = (("probe.py", "_urls"), ("applications.py", "load"))
THEIRS = (ImportError, SyntaxError, OSError, MemoryError, RecursionError)
NAME = r"[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?"
TOLD = (
    re.compile(NAME + r" not found\. Declare it"),  # decouple
    re.compile(r"(?i)environment variable:? " + NAME + r" (?:is )?(?:not set|missing|required|not found)"),
    re.compile(r"(?i)\bset (?:the |required )*" + NAME + r" (?:env\b|environment|variable)"),  # environ, helpers
    re.compile(NAME + r" environment variable"),
)
TELLERS = ("UndefinedValueError", "ImproperlyConfigured", "EnvError", "KeyError", "ValueError")
EXTENSION = (
    ("extension", re.compile(r"could not open extension control file \".*?([\w-]+)\.control\"")),
    ("extension", re.compile(r"extension \"([\w-]+)\" is not available")),
    ("extension-denied", re.compile(r"permission denied to create extension \"([\w-]+)\"")),
)
LACKING = re.compile(r"cannot import name '?([A-Za-z_][A-Za-z0-9_]*)")
INCLUDED = re.compile(r"No such file: (\S+)\Z")  # of settings that are put together of files
LIBRARY = re.compile(r"Could not find the (GDAL|GEOS) library")  # django.contrib.gis
# A line of its own that reads one without a default.
ASSIGNED = re.compile(
    r"\s*([A-Za-z_]\w*)\s*=\s*(?:os\.)?(?:environ\.get|getenv)\(\s*[\"']([A-Za-z_][A-Za-z0-9_]*)[\"']\s*\)\s*(?:#|$)"
)
READ = re.compile(r"(?:environ\.get|getenv|environ\[)\(?\s*[\"']([A-Za-z_][A-Za-z0-9_]*)[\"']")


def describe(error):
    """Values for JSON; never raises for any exception of a project."""
    ours = _ours(error)
    if ours:
        return _told_as(error, "ours", "", ours)
    links = list(_chain(error))
    places = _places(links)
    file, line, source = places[0]
    kind, name = _kind(links, file, source)
    if kind in ("variable", "module"):
        # The line that names it says more than a helper's, or another that failed before.
        word = name.rpartition(".")[2]
        file, line, source = next((place for place in places if word in place[2]), places[0])
    told = _told_as(error, kind, name, (file, line, source))
    if kind == "exception":
        told["packages"] = [] if name else involved.packages(links, _own)
    elif kind == "database":
        told["packages"] = []
    return told


def _told_as(error, kind, name, place):
    file, line, source = place
    return {
        "kind": kind,
        "name": name,
        "type": type(error).__name__,
        "message": _text(error)[:2000],
        "file": file,
        "line": line,
        "source": source[:300],
        "traceback": _told(error, whole=kind == "ours")[-MOST:],
    }


def _ours(error):
    """The place in the guest's own code at which that failed over what a project has, without a call of the project's
    in between; None where it is only on the way there, or asks for what each project has to have."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, THEIRS) or not isinstance(error, Exception):
        return None
    frames = traceback.extract_tb(error.__traceback__)
    if any(_own(frame[0]) for frame in frames):
        return None
    for file, line, function, source in map(tuple, reversed(frames)):
        name = os.path.basename(file)
        if os.path.dirname(os.path.abspath(file)) == GUEST:
            return None if (name, function) in ASKING else ("dz_guest/" + name, line, source or "")
        if file.startswith(IMPORTING) or not file.startswith(PYTHON) or "-packages" in file:
            return None
    return None


def _told(error, whole):
    """The traceback as Python shows it; unless it is told ``whole``, without the frames of the guest and of the import
    system."""
    try:
        found = traceback.TracebackException.from_exception(error)
        link = None if whole else found
        while link is not None:
            link.stack[:] = [frame for frame in link.stack if not frame.filename.startswith(HIDDEN)]
            link = link.__cause__ or link.__context__
        return "".join(found.format())
    except Exception:
        return "%s (its traceback cannot be shown)\n" % type(error).__name__


def _chain(error):
    """The exception and what it was raised from, the outermost first."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _kind(links, file, source):
    """The kind and its name ("" where it has none), from the outermost exception that says one."""
    found = next((one for one in map(_said_by, links) if one), None)
    if found:
        return found
    lacking = next((one for one in map(_lacking, links) if one), "")
    if lacking:
        return "exception", lacking
    unset = [name for name in READ.findall(source) if name not in os.environ]
    if "NoneType" in _text(links[0]):
        unset += _read_before(file, source)
    if unset and isinstance(links[0], (TypeError, AttributeError, ValueError)):
        return "variable", unset[0]
    return "exception", ""


def _read_before(file, source):
    """Variables without a value that other lines of the file read for the names in this one."""
    used = set(re.findall(r"[A-Za-z_]\w*", source))
    found = [ASSIGNED.match(line) for line in linecache.getlines(file)] if file else []
    return [one.group(2) for one in found if one and one.group(1) in used and one.group(2) not in os.environ]


def _said_by(error):
    """What one exception says by itself; None for nothing."""
    name, text = type(error).__name__, _text(error)
    if isinstance(error, SyntaxError) and _own(error.filename):
        return "syntax", ""
    variable = _variable(error)
    if variable:
        return "variable", variable
    if isinstance(error, ImportError) and name == "ModuleNotFoundError" and error.name:
        return "module", error.name
    if isinstance(error, FileNotFoundError) and _opened(error):
        return "file", _opened(error)
    included = INCLUDED.match(text) if type(error) is OSError else None
    if included:
        return "file", os.path.abspath(included.group(1))
    extension = next(((kind, said.search(text)) for kind, said in EXTENSION if said.search(text)), None)
    if extension:
        return extension[0], extension[1].group(1)
    library = name == "ImproperlyConfigured" and LIBRARY.search(text)
    if library:
        return "library", library.group(1)
    if name in ("OperationalError", "ProgrammingError", "InterfaceError"):
        return "database", ""
    return ("exit", "") if isinstance(error, (SystemExit, KeyboardInterrupt)) else None


def _opened(error):
    """The file that is opened in vain; not a program that is started."""
    frames = traceback.extract_tb(error.__traceback__)
    path = error.filename
    if not isinstance(path, str) or not frames or os.path.basename(frames[-1][0]) == "subprocess.py":
        return ""
    return os.path.abspath(path)


def _lacking(error):
    """``shop.secrets`` where ``from shop import secrets`` finds no such name in a package of the project's own."""
    told = LACKING.search(_text(error)) if isinstance(error, ImportError) and error.name else None
    return "%s.%s" % (error.name, told.group(1)) if told and (not error.path or _own(error.path)) else ""


def _variable(error):
    """The environment variable that this exception misses, if that is what it says."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, KeyError) and frames and error.args:
        file, function = os.path.basename(frames[-1][0]), frames[-1][2]
        if function == "__getitem__" and file in ("os.py", "<frozen os>"):
            return str(error.args[0])
    if type(error).__name__ in TELLERS:
        for pattern in TOLD:
            found = pattern.search(_text(error))
            if found and not os.environ.get(found.group(1)):  # else it is named for another reason
                return found.group(1)
    return ""


def _places(links):
    """File, line and source of the frames in the project's own code: the deepest of the innermost exception first."""
    found = []
    for error in reversed(links):
        if isinstance(error, SyntaxError) and _own(error.filename):
            found.append((error.filename, error.lineno or 0))
        found += [
            (frame[0], frame[1] or 0) for frame in reversed(traceback.extract_tb(error.__traceback__)) if _own(frame[0])
        ]
    found = [(os.path.abspath(file), line) for file, line in found]
    return [(file, line, linecache.getline(file, line).strip()) for file, line in found] or [("", 0, "")]


def _own(file):
    if not file or "site-packages" in file or file.startswith("<"):
        return False
    roots = [spec.get("project_root")] + [
        os.path.join(spec.get("project_root"), p) for p in spec.get("python_path", [])
    ]
    path = os.path.realpath(file)
    return any(path.startswith(os.path.realpath(root) + os.sep) for root in roots)


def _text(error):
    try:
        return str(error)
    except Exception:
        return "(its text cannot be shown)"
