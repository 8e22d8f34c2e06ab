"""What the project calls itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dz.tasklib.build.inspect import declared
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.tree import Tree, parents

NEEDS = ("project_root",)
GIVES = ("title",)

_HEADING = re.compile(r"^#\s+(\S.*)$|^([^\s=#`<\[!].*)\n[=-]{3,}\s*$", re.MULTILINE)
_MARKUP = re.compile(r"[*`]|(?<!\w)_+|_+(?!\w)|!?\[([^\]]*)\]\([^)]*\)|<[^>]*>")


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    for folder in parents(facts.primary("project_root")):
        for name in ("README.md", "README.rst", "README.txt", "README", "readme.md", "Readme.md"):
            path = f"{folder}/{name}" if folder else name
            if found := _HEADING.search(tree.text(path)[:4000]):
                text = _MARKUP.sub(r"\1", found[1] or found[2]).strip()
                line = tree.text(path).count("\n", 0, found.start()) + 1
                if text:
                    yield at(tree, "title", text[:80], 0.75 if folder else 0.7, f"{name} is headed so", path, line)
        path = f"{folder}/pyproject.toml" if folder else "pyproject.toml"
        stated = declared.table(declared.toml(tree, path), "project").get("name")
        if isinstance(stated, str):
            yield at(tree, "title", stated[:80], 0.5, "pyproject.toml names it", path, 1)
