"""What pins say of Python: a compiled package has wheels up to some version; above it means a build from source, which
most machines can't do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.version import InvalidVersion, Version

from dz.tasklib.build.inspect.declared import Declared

# The first release with wheels for a minor version of Python 3 (the files on pypi.org).
_WHEELS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "psycopg2-binary": (("2.7.5", 7), ("2.8.4", 8), ("2.8.6", 9), ("2.9.2", 10), ("2.9.5", 11), ("2.9.9", 12),
                        ("2.9.10", 13)),
    "pillow": (("5.2", 7), ("6.2.1", 8), ("8.0", 9), ("8.4", 10), ("9.3", 11), ("10.1", 12), ("11.0", 13),
               ("12.0", 14)),
    "numpy": (("1.14.5", 7), ("1.17.3", 8), ("1.19.3", 9), ("1.21.2", 10), ("1.23.2", 11), ("1.26.0", 12),
              ("2.1.0", 13)),
    "pandas": (("0.23.2", 7), ("0.25.3", 8), ("1.1.3", 9), ("1.3.3", 10), ("1.5.1", 11), ("2.1.1", 12), ("2.2.3", 13)),
    "lxml": (("4.2.2", 7), ("4.4.2", 8), ("4.6.1", 9), ("4.6.4", 10), ("4.9.2", 11), ("4.9.3", 12), ("5.3.0", 13)),
    "pyyaml": (("5.1", 7), ("5.2", 8), ("5.4", 9), ("6.0", 11), ("6.0.1", 12), ("6.0.2", 13), ("6.0.3", 14)),
    "cffi": (("1.11.5", 7), ("1.13.2", 8), ("1.14.3", 9), ("1.15.0", 10), ("1.15.1", 11), ("1.16.0", 12),
             ("1.17.0", 13), ("2.0.0", 14)),
    "greenlet": (("0.4.14", 7), ("0.4.16", 8), ("1.0.0", 9), ("1.1.2", 10), ("2.0.0", 11), ("3.0.0", 12),
                 ("3.1.0", 13)),
    "aiohttp": (("3.4.0", 7), ("3.6.2", 8), ("3.7.3", 9), ("3.8.0", 10), ("3.8.3", 11), ("3.9.0", 12), ("3.10.6", 13)),
}  # fmt: skip
_SAME = {"psycopg2": "psycopg2-binary"}  # the platform takes the one for the other
OLDEST = 6


def ceiling(declared: Iterable[Declared]) -> tuple[int, Declared] | None:
    """The newest minor version of Python 3 for which every pin has a wheel, and the pin that says so."""
    lowest: tuple[int, Declared] | None = None
    for one in declared:
        newest = _newest(one)
        if newest is not None and (lowest is None or newest < lowest[0]):
            lowest = newest, one
    return lowest


def _newest(one: Declared) -> int | None:
    """None for what is not pinned, not in the table, or as new as the table."""
    steps = _WHEELS.get(_SAME.get(one.name, one.name))
    if steps is None or not one.version.startswith("==") or one.version.endswith("*"):
        return None
    try:
        version = Version(one.version.removeprefix("=="))
    except InvalidVersion:
        return None
    if version >= Version(steps[-1][0]):
        return None
    return max((minor for since, minor in steps if version >= Version(since)), default=OLDEST)
