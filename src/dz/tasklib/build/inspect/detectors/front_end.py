"""A front end that has to be built first, by tools that the platform does not run: said, since its pages answer 200.

Said only where the build's own configuration names its folder and nothing of it is committed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from dz.tasklib.build.inspect.declared import table
from dz.tasklib.build.inspect.evidence import Evidence, Facts
from dz.tasklib.build.inspect.tree import Tree, folder_of, join

NEEDS: tuple[str, ...] = ()
GIVES: tuple[str, ...] = ()

_CONFIGURATIONS = tuple(f"{tool}.config.{end}" for tool in ("vite", "webpack", "rollup") for end in ("js", "ts", "mjs"))
_INTO = re.compile(r"""outDir:\s*["']([\w./-]+)["']|path:\s*path\.(?:resolve|join)\(__dirname,\s*["']([\w./-]+)["']""")


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    for path in tree.named(*_CONFIGURATIONS):
        folder, into = folder_of(path), _INTO.search(tree.text(path))
        built = join(folder, into[1] or into[2]) if into else ""
        if built and not tree.has_folder(built) and _builds(tree.text(join(folder, "package.json"))):
            tree.say(
                f"{path} builds a front end into {built}, which is not committed and not built here: pages may be "
                "without style, or empty. Commit what it builds."
            )
    return ()


def _builds(text: str) -> bool:
    try:
        return isinstance(table(json.loads(text), "scripts").get("build"), str)
    except (ValueError, RecursionError):
        return False
