"""Of several projects in one repository each is told by its own files, and by those around it."""

from __future__ import annotations

from pathlib import Path

from dz.tasklib.build.inspect.evidence import Evidence, Facts
from dz.tasklib.build.inspect.neighbours import named
from dz.tasklib.build.inspect.tree import Tree
from tests.repositories import write_tree


def test_what_stands_in_a_project_around_it_is_heard_and_in_one_beside_or_below_it_is_not(tmp_path: Path) -> None:
    roots = ("blog/site", "blog", "api", "blog/site/inner")
    write_tree(tmp_path, {f"{root}/Procfile": "web: true\n" for root in (*roots, ".")})
    facts = Facts()
    facts.add(
        Evidence(field="project_root", value=root, confidence=0.9 - place / 10, why="", file=f"{root}/manage.py")
        for place, root in enumerate(roots)
    )
    assert facts.primary("project_root") == "blog/site"
    assert named(Tree(tmp_path), facts, "Procfile") == ["Procfile", "blog/Procfile", "blog/site/Procfile"]
