"""The other projects of a repository that holds several: what stands in their folders is said of them alone."""

from __future__ import annotations

from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Facts
from dz.tasklib.build.inspect.tree import Tree


def named(tree: Tree, facts: Facts, *names: str) -> list[str]:
    """Every file with one of these names that may speak of the project, shallow ones first."""
    own = facts.primary("project_root")
    others = [one.value for one in facts.ranked("project_root") if one.file.endswith("manage.py")]
    beside = [one for one in others if one and one != own and not below(one, own)]
    return [path for path in tree.named(*names) if not any(below(one, path) for one in beside)]
