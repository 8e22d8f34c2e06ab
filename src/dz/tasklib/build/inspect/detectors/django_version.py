"""Which Django: locked, pinned or bounded by the dependencies in force; else what made the project says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from packaging.version import Version

from dz.tasklib.build.inspect import declared, settingscode
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.pythons import OLDEST_DJANGO
from dz.tasklib.build.inspect.tree import Tree, folder_of

NEEDS = ("project_root", "requirements_files", "settings_module")
GIVES = ("django_version",)

_MADE_WITH = re.compile(r"using Django ([0-9]+\.[0-9]+)|docs\.djangoproject\.com/en/([0-9]\.[0-9]+)/")
_ASIDE = re.compile(r"(?i)(^|/)(docs?|documentation|tools|scripts|ci|examples?)/")

# What a settings file of old times has that later Djangos took away: (sign, what replaced it, the range it leaves).
_OLD = (
    (r"^MIDDLEWARE_CLASSES\s*=", r"^MIDDLEWARE\s*=", "<2.0"),
    (r"^TEMPLATE_(DIRS|LOADERS|DEBUG)\s*=", r"^TEMPLATES\s*=", "<1.10"),
)


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    yield from _declared(tree, facts)
    yield from _installed(tree, facts)
    yield from _made_with(tree, facts)
    yield from _of_its_time(tree, facts)
    yield from _no_more_there(tree, facts)


def _declared(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    chosen = [line for line in facts.primary("requirements_files").split("\n") if line]
    locks = [path for path in declared.files(tree) if path.rpartition("/")[2] in declared.LOCKS]
    in_force = {one.file for path in chosen for one in declared.with_included(tree, path)} | set(chosen)
    places = {folder_of(path) for path in chosen}
    for one in declared.everything(tree):
        if one.name != "django":
            continue
        locked = one.file in locks and folder_of(one.file) in places and not _is_requirements_only(chosen)
        in_use = locked or one.file in in_force
        value, confidence, why = _meaning(one.version, locked=locked)
        # A list for the documentation or for tools says least: templates and code are nearer to the site.
        less = 0 if in_use else 0.55 if _ASIDE.search(one.file) else 0.4
        yield at(tree, "django_version", value, confidence - less, why, one.file, one.line)


def _installed(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    if (version := tree.installed.get("django")) and not facts.primary("requirements_files"):
        yield at(tree, "django_version", version, 0.55, "the committed virtualenv has it", "", None)


def _meaning(version: str, *, locked: bool) -> tuple[str, float, str]:
    if version.startswith("==") and "," not in version:
        return version.removeprefix("=="), 0.97 if locked else 0.93, "it is locked" if locked else "it is pinned"
    return (version, 0.75, "it is required") if version else ("", 0.3, "any version will do")


def _is_requirements_only(chosen: list[str]) -> bool:
    return bool(chosen) and all(declared.is_requirements(path) for path in chosen)


# Words in templates and code that later Djangos no longer have: (file's ending, sign, the range it leaves).
_GONE = (
    (".html", r"\{%-?\s*load [^%]*\b(staticfiles|admin_static)\b", "<3.0"),
    (".py", r"^from django\.core\.urlresolvers import|^[ \t]+url\(r?.*, include\(admin\.site\.urls\)", "<2.0"),
    (".py", r"^from django\.utils\.encoding import .*python_2_unicode|^from django\.utils import .*\bsix\b", "<3.0"),
    (".py", r"^from django\.conf\.urls import .*\burl\b|^from django\.utils\.translation import .*ugettext", "<4.0"),
)


def _no_more_there(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    """Templates and code below the project that use what was taken away."""
    root = facts.primary("project_root")
    for ending, sign, bound in _GONE:
        for path in [p for p in tree.files if p.endswith(ending) and below(root, p)][:500]:
            if found := re.search(sign, tree.text(path), re.MULTILINE):
                line = tree.text(path).count("\n", 0, found.start()) + 1
                confidence = 0.45 - float(bound[1:]) / 100  # the narrower bound says more
                yield at(tree, "django_version", bound, confidence, "later Djangos do not have this", path, line)
                break


def _made_with(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    """startproject writes its own version into the settings."""
    for path in settingscode.files(tree, facts):
        if found := _MADE_WITH.search(tree.text(path)):
            line = tree.text(path).count("\n", 0, found.start()) + 1
            series = ".".join((found[1] or found[2]).split(".")[:2])
            why = "the settings were made with it"
            if Version(series) < Version(OLDEST_DJANGO):
                why = f"the settings were made with {series}, and this is the next that runs on a Python of today"
                series = OLDEST_DJANGO
            yield at(tree, "django_version", f"=={series}.*", 0.5, why, path, line)
            return


def _of_its_time(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    """Settings that only an old Django reads."""
    texts = [(path, tree.text(path)) for path in settingscode.files(tree, facts)]
    for sign, successor, bound in _OLD:
        if any(re.search(successor, text, re.MULTILINE) for _, text in texts):
            continue
        for path, text in texts:
            if found := re.search(sign, text, re.MULTILINE):
                line = text.count("\n", 0, found.start()) + 1
                confidence = 0.35 if bound == "<2.0" else 0.4  # the narrower bound says more
                yield at(tree, "django_version", bound, confidence, "later Djangos do not read this", path, line)
                break
