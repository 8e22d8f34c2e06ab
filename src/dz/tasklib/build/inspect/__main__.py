"""Inside of the sandbox: ``python -m dz.tasklib.build.inspect TREE [FOLDER]`` → one JSON object on stdout.

It may be started before the tree is there, for half of its time is its own start, and waits for a line on stdin.
``{"guesses": [...], "messages": [...]}``, or ``{"error": {"id", "where", "facts"}}`` for a UserError.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

from dz.errors import UserError
from dz.tasklib.build.inspect import BEGIN, CPU, detectors
from dz.tasklib.build.inspect.evidence import Facts
from dz.tasklib.build.inspect.resolver import resolve
from dz.tasklib.build.inspect.suitable import refuse_unsuitable
from dz.tasklib.build.inspect.tree import Tree, recursion

DEEPER = 20_000  # Python's frames for what its parser takes, a long sum for one


def bounded(seconds: int) -> None:
    """SIGXCPU ends this process once it has used as much."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def inspect(tree: Tree) -> Facts:
    """Every detector over the tree. Raises UserError for what no platform could run."""
    facts = Facts()
    with recursion(DEEPER):
        for detector in detectors.in_order():
            facts.add(detector(tree, facts))
    refuse_unsuitable(tree, facts)
    return facts


def report(root: Path, chosen: str = "") -> dict[str, Any]:
    """The whole answer as JSON values."""
    tree = Tree(root, chosen=chosen)
    try:
        facts = inspect(tree)
    except UserError as error:
        return {"error": {"id": error.id, "where": error.where, "facts": error.facts}}
    guesses = [
        {
            "field": one.field,
            "value": one.value,
            "confidence": one.confidence,
            "is_primary": primary,
            "basis": {"file": one.file, "line": one.line, "excerpt": one.excerpt, "why": one.why},
        }
        for one, primary in resolve(facts)
    ]
    return {"guesses": guesses, "messages": tree.messages}


if __name__ == "__main__":
    bounded(CPU)
    if sys.stdin.readline() != BEGIN:
        sys.exit()  # there will be no tree
    json.dump(report(Path(sys.argv[1]), *sys.argv[2:3]), sys.stdout)
