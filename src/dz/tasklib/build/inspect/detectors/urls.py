"""Settings without ROOT_URLCONF: every page would be an error 500, which is said before anything is built."""

from __future__ import annotations

from collections.abc import Iterable

from dz.tasklib.build.inspect import settingscode
from dz.tasklib.build.inspect.evidence import Evidence, Facts
from dz.tasklib.build.inspect.tree import Tree

NEEDS = ("project_root", "settings_module", "additional_python_path_dirs")
GIVES: tuple[str, ...] = ()


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    settings = settingscode.files(tree, facts)
    # Settings that are made in another way (a class from elsewhere, exec) name it somewhere all the same.
    if settings and not tree.python_with("ROOT_URLCONF"):
        tree.say(f"{settings[0]} sets no ROOT_URLCONF: Django answers every page with an error 500 until it names one.")
    return ()
