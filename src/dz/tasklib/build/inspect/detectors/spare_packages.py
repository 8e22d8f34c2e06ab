"""What the repository declares for something else than the site: development, tests, other lists, extras that nobody
asks for; and what a virtualenv has that was committed. Requirement lines, as one value.

Nothing of it is installed until the proof meets a module that one of them brings: then its owner has named the
distribution, and in which version, where a guess from the module's name would trust whoever has that name on the index.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from dz.tasklib.build.inspect import declared
from dz.tasklib.build.inspect.detectors.packages import LONGEST
from dz.tasklib.build.inspect.evidence import Evidence, Facts
from dz.tasklib.build.inspect.tree import Tree

NEEDS = ("requirements_files",)
GIVES = ("spare_packages",)


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    chosen = facts.primary("requirements_files")
    plain = {one.name for one in declared.with_included(tree, chosen) if not one.group} if chosen else set()
    found: dict[str, str] = {}
    for one in declared.everything(tree):
        if one.name not in plain and not one.file.endswith(declared.LOCKS):
            found[one.name] = found.get(one.name) or one.version
    for name, version in tree.installed.items():
        if name not in plain:
            found.setdefault(name, f"=={version}")
    lines = [f"{name}{version}" for name, version in sorted(found.items())]
    ends = accumulate(len(line) + 1 for line in lines)
    value = "\n".join(line for line, end in zip(lines, ends, strict=True) if end <= LONGEST)
    if value:
        yield Evidence(field="spare_packages", value=value, confidence=0.5, why="declared for something else")
