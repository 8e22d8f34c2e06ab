"""Settings that are a class (django-configurations): which class, where no variable names one.

manage.py and wsgi.py name the class that developers use, so the names of the classes decide: production's first, and
never one that others are only built on while there is another.
"""

import ast
import importlib.util
import os
import re

from dz_guest import spec

VARIABLE = "DJANGO_CONFIGURATION"
PURPOSES = (r"prod|live|deploy|heroku|render", r"^(?!.*(base|common|mixin|dev|local|test|debug|^ci$))")


def install(module):
    """Have ``module`` imported as a class's settings; nothing for any other module."""
    name = os.environ.get(VARIABLE)
    if not name and importlib.util.find_spec("configurations"):
        name = choose(_classes(module))
    if not name:
        return
    os.environ[VARIABLE] = name
    import configurations.importer

    configurations.importer.install()


def choose(names):
    """The class for a site that is live, "" for none; the later of equals, for the earlier ones are built on."""
    for purpose in PURPOSES:
        fits = [name for name in names if re.search(purpose, name.lower())]
        if fits:
            return fits[-1]
    return names[-1] if names else ""


def _classes(module, depth=5):
    """The classes of a module, its own and imported ones, that are built on one of django-configurations; no module is
    run to find out, nor are its packages."""
    text, is_package = _source(module)
    if depth == 0 or not re.search(rb"\bclass\b|\bimport\b", text):
        return []
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return []  # the import itself tells what is wrong
    package = module if is_package else module.rpartition(".")[0]
    found, basis = [], {"configurations"}
    for one in body:
        if isinstance(one, ast.ImportFrom):
            above = package.rsplit(".", one.level - 1)[0] if one.level > 1 else package
            origin = ".".join(filter(None, (above if one.level else "", one.module)))
            if origin.split(".")[0] == "configurations":
                basis.update(alias.asname or alias.name for alias in one.names)
            else:
                found += _imported(one.names, origin, depth - 1)
        elif isinstance(one, ast.ClassDef) and basis.union(found).intersection(map(_name, one.bases)):
            found.append(one.name)
    return found


def _imported(names, origin, depth):
    """Those of ``names`` that are such classes of the module ``origin``, as they are called here."""
    theirs = _classes(origin, depth)
    called = {alias.name: alias.asname or alias.name for alias in names}
    return theirs if "*" in called else [called[name] for name in theirs if name in called]


def _name(base):
    """Base of ``class A(Base)``, configurations of ``class A(configurations.Configuration)``."""
    while isinstance(base, ast.Attribute):
        base = base.value
    return getattr(base, "id", "")


def _source(module):
    """The module's text, and whether it is a package; no text where it is none of the project's."""
    for folder in spec.folders():
        for ending in (".py", "/__init__.py"):
            try:
                with open(os.path.join(folder, module.replace(".", "/")) + ending, "rb") as file:
                    return file.read(), ending != ".py"
            except OSError:
                pass
    return b"", False
