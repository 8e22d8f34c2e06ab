"""What is left out of every project's list, whoever names it, as uv is told it: nothing here could use or even have it.

Where a project's own code imports one of them all the same, its start fails with the line that does.
"""

from __future__ import annotations

from dz.tasklib.build.additions import COMPILED

# Has to be compiled, and no project uses it here: a driver for a database server that none gets, and another web server
# than the platform's.
NEEDLESS = frozenset({"mysqlclient", "uwsgi"})
# Made for another system, which a list that was frozen there names; and what only Debian's pip freezes.
_ELSEWHERE = frozenset(
    (
        *("pypiwin32", "pywin32", "pywinpty", "tensorflow-intel", "twisted-iocpsupport", "windows-curses", "winsdk"),
        *("pyobjc", "pyobjc-core", "tensorflow-macos"),
        "pkg-resources",
    )
)
# What a newer Python has itself, and can't build or is broken by.
_SINCE = {"backports-zoneinfo": "3.10", "dataclasses": "3.7", "enum34": "3.4", "typing": "3.5"}
_SINCE |= dict.fromkeys(("functools32", "futures", "subprocess32", "wsgiref"), "3.0")

_LEFT_OUT = [f"{name} ; sys_platform == 'none'" for name in sorted(NEEDLESS | _ELSEWHERE)]
_LEFT_OUT += [f"{name} ; python_version < '{since}'" for name, since in _SINCE.items()]
# These builds need a library only to tell that they depend on nothing; so we tell it. What lacks its library in the end
# is left out then, and the line that imports it is told.
KNOWN = f"override-dependencies = {_LEFT_OUT}\n" + "".join(
    f'[[dependency-metadata]]\nname = "{name}"\nrequires-dist = []\n' for name in sorted(COMPILED | {"gdal"})
)
