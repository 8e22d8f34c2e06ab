"""What to install where no file says so in a way that the resolver reads: requirement lines, as one value.

A Pipfile and its lock are translated; of the locks of Poetry and PDM the versions are taken; a project that declares
nothing is read by its imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from dz.tasklib.build.inspect import code, conda, declared, settingscode
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts
from dz.tasklib.build.inspect.imports import distributions
from dz.tasklib.build.inspect.tree import Tree, folder_of, join

NEEDS = ("project_root", "settings_module", "additional_python_path_dirs", "installer", "requirements_files")
GIVES = ("packages",)

LONGEST = 7_900  # characters that a value may have
_ASIDE = re.compile(r"(?i)(^|/)(tests?|test_[^/]*|[^/]*_test\.py|tests\.py|conftest\.py|docs?|functional_tests)(/|$)")


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    installer = facts.primary("installer")
    if installer == "pipenv":
        yield from _of_pipenv(tree, facts.primary("requirements_files"))
    elif installer in ("poetry", "pdm"):
        yield from _of_lock(tree, join(folder_of(facts.primary("requirements_files")), f"{installer}.lock"))
    elif installer == "none" and facts.primary("requirements_files"):
        yield from _of_conda(tree, facts.primary("requirements_files"))
    elif installer == "none":
        root = facts.primary("project_root")
        paths = [p for p in tree.files if p.endswith(".py") and below(root, p) and not _ASIDE.search(p)][:2000]
        apps = [app for _, _, app in settingscode.installed_apps(tree, facts)]
        apps += [word for _, value in settingscode.values(tree, facts, "MIDDLEWARE") for word in code.strings(value)]
        lines = [_as_installed(tree, one) for one in distributions(tree, paths, apps)]
        why = "no file declares dependencies; the code imports these"
        why += ", in the versions of the committed virtualenv" * any("==" in line for line in lines)
        yield Evidence(field="packages", value="\n".join(lines), confidence=0.5, why=why)


def _as_installed(tree: Tree, name: str) -> str:
    version = tree.installed.get(canonicalize_name(name.partition("[")[0]))
    return f"{name}=={version}" if version else name


def _of_lock(tree: Tree, lock: str) -> Iterable[Evidence]:
    """Versions of all that is locked, development packages too: which of them are wanted, the pyproject says."""
    lines = [f"{one.name}{one.version}" for one in declared.of_file(tree, lock)] if tree.has(lock) else []
    while len("\n".join(lines)) > LONGEST:
        del lines[-20:]
    if lines:
        why = "the lock names these versions"
        yield Evidence(field="packages", value="\n".join(lines), confidence=0.9, why=why, file=lock)


def _of_conda(tree: Tree, path: str) -> Iterable[Evidence]:
    listed = conda.lines(tree.text(path))
    if rest := [one.name for one in listed if not one.wanted]:
        some = f"{', '.join(rest[:12])}{' ...' * (len(rest) > 12)}"
        tree.say(f"Of {path} not installed, unless the code imports them: {some}")
    wanted = "\n".join(one.wanted for one in listed if one.wanted)
    yield Evidence(field="packages", value=wanted[:LONGEST], confidence=0.9, why="conda's list names these", file=path)


def _of_pipenv(tree: Tree, pipfile: str) -> Iterable[Evidence]:
    """The lock's versions where there is a lock; development packages stay out."""
    lock = join(folder_of(pipfile), "Pipfile.lock")
    path = lock if tree.has(lock) else pipfile
    lines = [f"{one.name}{one.version}" for one in declared.of_file(tree, path) if not one.group]
    if lines:
        why = "the lock names these versions" if path == lock else "the Pipfile asks for these"
        yield Evidence(field="packages", value="\n".join(lines), confidence=0.9, why=why, file=path)
