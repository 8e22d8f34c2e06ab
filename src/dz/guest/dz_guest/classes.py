"""Settings that are a class (django-configurations): which class, where no variable names one.

manage.py and wsgi.py name the class that developers use, so the names of the classes decide: production's first, and
never one that others are only built on while there is another.
"""

import ast
import os
import re
import sys

VARIABLE = "DJANGO_CONFIGURATION"
PURPOSES = (r"prod|live|deploy|heroku|render", r"^(?!.*(base|common|mixin|dev|local|test|debug|^ci$))")


def install(module):
    """Have ``module`` imported as a class's settings; nothing for any other module."""
    name = os.environ.get(VARIABLE) or choose(_classes(module))
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


def _classes(module):
    """The classes of a module that imports django-configurations; it is not run to find out, nor are its packages."""
    text = _source(module)
    if b"configurations" not in text:
        return []
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return []  # the import itself tells what is wrong
    imports = [one.module for one in body if isinstance(one, ast.ImportFrom)]
    imports += [alias.name for one in body if isinstance(one, ast.Import) for alias in one.names]
    if not any((name or "").split(".")[0] == "configurations" for name in imports):
        return []
    return [one.name for one in body if isinstance(one, ast.ClassDef)]


def _source(module):
    for folder in sys.path:
        for ending in (".py", "/__init__.py"):
            try:
                with open(os.path.join(folder or ".", module.replace(".", "/")) + ending, "rb") as file:
                    return file.read()
            except OSError:
                pass
    return b""
