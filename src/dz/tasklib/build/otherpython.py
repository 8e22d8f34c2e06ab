"""Another Python, where the dependencies can't be had with the one that was chosen.

Promises: only where a Python decides it (a release that is for others, a package that has a wheel for others and can't
be built for this one); the nearest first; and the job's log says which it is and why. What is told in the end is what
was met first, unless that named another Python, and this one met something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from packaging.specifiers import SpecifierSet

from dz.errors import UserError
from dz.tasklib.build.bench import Bench
from dz.tasklib.build.interpreters import Interpreter, versions

T = TypeVar("T")
MOST = 2  # of the Pythons that should fit are tried


def first_that_fits(bench: Bench, others: Sequence[Interpreter], resolved: Callable[[Bench], T]) -> tuple[Bench, T]:
    """What ``resolved`` answers, and the bench with the Python that it is for. Raises as ``resolved`` does."""
    try:
        return bench, resolved(bench)
    except UserError as error:
        told = error
    met = None
    for other in islice(_fitting(bench, others, told), MOST):
        bench.log.note(f"{told.brief} Python {other.version} is tried instead.", level="warning")
        try:
            return replace(bench, python=other), resolved(replace(bench, python=other))
        except UserError as error:
            met = met or error
    if told.id == "python.none-fits":
        raise met or UserError(told.id, where=told.where, **told.facts | {"here": versions([bench.python, *others])})
    raise told


def _fitting(bench: Bench, others: Sequence[Interpreter], error: UserError) -> Iterator[Interpreter]:
    """The nearest first; of two the newer."""
    wanted, release = str(error.facts.get("pythons", "")), str(error.facts.get("release", ""))
    minor = bench.python.version.minor
    for other in sorted(others, key=lambda one: (abs(one.version.minor - minor), -one.version.minor)):
        if other.series == bench.python.series:
            continue
        if wanted:
            if SpecifierSet(wanted).contains(str(other.version)):
                yield other
        elif release and has_wheel(bench, release, other):
            yield other


def has_wheel(bench: Bench, release: str, python: Interpreter) -> bool:
    """Whether ``name==version`` can be installed as it is with that Python; the index is asked."""
    wanted = bench.write("release.in", f"{release}\n")
    words = ["pip", "compile", "--no-config", "--quiet", "--no-deps", "--only-binary", ":all:"]
    words += ["--python-version", str(python.series), "--python", str(bench.python.path), "--", str(wanted)]
    return bench.inside([bench.uv(), *words], cwd=bench.box)[0].ok
