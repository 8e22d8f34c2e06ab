"""Where the project is: the folder of the manage.py that is Django's, the likeliest of several first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from dz.tasklib.build.inspect import code, declared, settingscode
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.tree import Tree, folder_of, parents

NEEDS: tuple[str, ...] = ()
GIVES = ("project_root",)
MOST = 50  # projects that are told apart, the shallow ones

_RUNNERS = ("execute_from_command_line", "execute_manager", "call_command", "ManagementUtility")
# Folders whose project is there to show or test something else.
_ASIDE = re.compile(
    r"(?i)^(tests?|testing|testproject|test_project|docs?|examples?|demos?|samples?|sandbox|templates?|"
    r"cookiecutter.*|.*\{.*|fixtures|old|backup|legacy|tutorials?|benchmarks?|tools|scripts|vendor.*)$"
)


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    found = [one for path in tree.named("manage.py")[:MOST] if (one := _manage(tree, path))]
    if not found:
        found += _other_runner(tree)
    found += _from_application(tree, known={one.value for one in found})
    there = [one for one in found if code.below(tree.chosen, f"{one.value}/")]
    if not there:
        tree.say(f"{tree.chosen} holds no Django project: the likeliest elsewhere is taken.")
    yield from there or found


def _manage(tree: Tree, path: str) -> Evidence | None:
    text = tree.text(path)
    line = next((n for n, l in enumerate(text.split("\n"), 1) if any(word in l for word in _RUNNERS)), None)
    if line is None or "django" not in text.lower():
        tree.say(f"{path} is not Django's manage.py.")
        return None
    folder = folder_of(path)
    return _evidence(tree, folder, 0.95, "Django's manage.py lies here", path, line)


def _other_runner(tree: Tree) -> Iterable[Evidence]:
    """manage.py under another name."""
    for path in tree.python_with("execute_from_command_line")[:5]:
        module = tree.syntax(path)
        main = (
            [c for c in code.calls(module) if code.dotted(c.func).endswith("execute_from_command_line")]
            if module
            else []
        )
        if main:
            why = f"{path.rpartition('/')[2]} does what manage.py does"
            yield _evidence(tree, folder_of(path), 0.7, why, path, main[0].lineno)


def _from_application(tree: Tree, known: set[str]) -> Iterable[Evidence]:
    """A wsgi.py or settings without a manage.py near: the folder above its package."""
    for path in tree.named("wsgi.py", "asgi.py", "settings.py")[: 3 * MOST]:
        text = tree.text(path)
        if not ("django" in text and ("get_wsgi_application" in text or settingscode.looks_like_settings(tree, path))):
            continue
        folder = folder_of(path)
        while folder and tree.has(f"{folder}/__init__.py"):
            folder = folder_of(folder)
        if not any(above in known for above in parents(folder_of(path))):
            yield _evidence(tree, folder, 0.5, f"{path} is a Django module, without a manage.py", path, 1)


def _evidence(tree: Tree, folder: str, confidence: float, why: str, path: str, line: int) -> Evidence:
    """The deeper and the more aside, the less likely; a project with its own dependencies and settings is likelier."""
    words = folder.split("/") if folder else []
    confidence -= 0.02 * len(words) + 0.25 * any(_ASIDE.match(word) for word in words)
    if not _settings_near(tree, path):
        confidence -= 0.15
    if not any(folder_of(one) == folder for one in declared.files(tree)):
        confidence -= 0.03
    return at(tree, "project_root", folder, confidence, why, path, line)


def _settings_near(tree: Tree, path: str) -> bool:
    """Whether the settings that a manage.py names exist below it (what cannot be read counts as yes)."""
    module = tree.syntax(path)
    named = [
        word
        for call in (code.calls(module) if module else ())
        if isinstance(call.func, ast.Attribute) and call.args and code.string(call.args[0]) == "DJANGO_SETTINGS_MODULE"
        for word in code.strings(call)[1:]
    ]
    root = folder_of(path)
    inner = [f"{root}/{sub}".strip("/") for sub in ("", "src", "apps", "project")]
    return not named or any(code.module_file(tree, inner, word) for word in named)
