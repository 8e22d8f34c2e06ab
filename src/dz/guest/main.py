"""Entry of the guest: ``python main.py COMMAND ...`` with ``DZ_GUEST_SPEC`` naming a JSON file.

Commands: ``probe MARKER`` finds out which settings and application work; ``manage ARGS...`` runs a management command
for the platform, ``command HOW PROGRAM ARGS...`` what a person asked for; ``serve`` answers HTTP on fd 3, ``work
WORDS...`` is a process beside it, ``broker APP MARKER`` says where its messages go. The guest's folder goes last on
``sys.path``, so that no module of a project is hidden.
"""

import importlib
import os
import sys

# Their module and function, and how many words at least and at most.
COMMANDS = {
    "probe": ("probe", "main", 1, 1),
    "manage": ("manage", "main", 1, sys.maxsize),
    "command": ("command", "main", 2, sys.maxsize),
    "work": ("work", "main", 1, sys.maxsize),
    "broker": ("work", "broker", 2, 2),
    "serve": ("serve", "main", 0, 0),
}
USAGE = "probe MARKER | manage ARGS... | command HOW PROGRAM ARGS... | serve | work WORDS... | broker APP MARKER"


def main(argv):
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here] + [here]
    own_distutils()
    from dz_guest import spec

    spec.enter()
    words = argv[2:]
    module, function, least, most = COMMANDS.get("".join(argv[1:2]), ("", "", 1, 0))
    if not least <= len(words) <= most:
        sys.stderr.write("usage: main.py %s\n" % USAGE)
        return 2
    return getattr(importlib.import_module("dz_guest." + module), function)(*words)


def own_distutils():
    """Until Python 3.12 it has distutils itself; the copy that setuptools puts in its place has lost commands since."""
    if sys.version_info < (3, 12):
        os.environ.setdefault("SETUPTOOLS_USE_DISTUTILS", "stdlib")  # for what is started from here
        sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != "_distutils_hack"]


if __name__ == "__main__":
    sys.exit(main(sys.argv))
