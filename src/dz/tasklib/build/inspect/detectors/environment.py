"""Variables that the code wants: those it fails without, and apart from them those it can do without.

``environment_later``: those without which nothing fails but the code that reads them, when it is used, as a view is;
they are told, and nobody is asked for them (nor for those that other settings do without). ``environment_as``: ones
that are a known one by another name. ``environment_off``: switches of debugging,
which get an empty value or, as ``DEBUG=0``, the text that the code takes as off; likewise what is of a mail server,
and what the code fails without where it is a plain switch of production that a file for another platform sets, or a
number or a no in an example file.

Looked at: the settings in force and the applications, then every other module that is imported with it (tests,
other settings, scripts and manage.py, which is never run, are not). What an example file, and app.json, say
about a name is told with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dz.tasklib.build.inspect import settingscode, without
from dz.tasklib.build.inspect.branches import leading
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import COUNTS, Evidence, Facts, at
from dz.tasklib.build.inspect.examples import Example, examples_of
from dz.tasklib.build.inspect.platformfiles import described, switches
from dz.tasklib.build.inspect.reads import Need, Read, readers, reads
from dz.tasklib.build.inspect.switches import off_texts
from dz.tasklib.build.inspect.tree import Tree, join
from dz.tasklib.filled import is_known
from dz.tasklib.given import Given

NEEDS = ("project_root", "settings_module", "additional_python_path_dirs", "wsgi_application")
GIVES = ("environment", "environment_as", "environment_later", "environment_off")

_WORDS = ("environ", "getenv", "decouple", "env(", "env.", "dj_database_url")
_ASIDE = re.compile(
    r"(?i)(^|/)(tests?|testing|test_[^/]*|[^/]*_test\.py|conftest\.py|migrations|scripts?|docs?|management|fabfile.*"
    r"|setup\.py|manage\.py|gunicorn[^/]*\.py|noxfile\.py|examples?|locustfile\.py|tools|bin|ci)(/|$)"
)
_TAKES_ALL = re.compile(r"^from\s+[\w.]+\s+import\s+\*", re.MULTILINE)
_KEPT_APART = ("DJANGO_SETTINGS_MODULE", "PATH", "HOME", "USER", "PWD", "PYTHONPATH", "PORT", "CI", "VIRTUAL_ENV")
# By what happens without it, in the settings (or what starts the project) and elsewhere.
_CONFIDENCE = {Need.FAILS: (0.95, 0.75), Need.EMPTY: (0.4, 0.3), Need.DEFAULT: (0.2, 0.15)}


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    examples = examples_of(tree)
    told = {name: one.told for name, one in examples.items()}
    for name, words in described(tree).items():
        told[name] = f"{told[name]}; {words}" if name in told else words
    seen: set[tuple[str, Need, bool]] = set()
    found = list(_all(tree, facts))
    needless = _Needless(tree, facts, found, examples)
    yield from needless.leading()
    for path, read, central in found:
        if read.name in _KEPT_APART or (read.name, read.need, read.at_import) in seen:
            continue
        seen.add((read.name, read.need, read.at_import))
        confidence = _CONFIDENCE[read.need][0 if central else 1]
        if not read.at_import:
            confidence = min(confidence, 0.35)
        if instead := list(needless.evidence(path, read)):
            yield from instead
            confidence = _CONFIDENCE[Need.DEFAULT][0]
        evidence = at(tree, "environment", read.name, confidence, _why(read, told.get(read.name, "")), path, read.line)
        yield evidence
        later = read.need is Need.FAILS and not read.at_import
        if later and not instead and not is_known(read.name, redis=True):
            yield replace(evidence, field="environment_later", confidence=COUNTS)


class _Needless:
    """What nobody is asked for though the code fails without it."""

    def __init__(
        self, tree: Tree, facts: Facts, found: list[tuple[str, Read, bool]], examples: Mapping[str, Example]
    ) -> None:
        reads = [(path, read) for path, read, _ in found]
        self._tree = tree
        # The settings' own files also where they read nothing: they hand on what others read with.
        self._off = off_texts(tree, dict.fromkeys([*settingscode.files(tree, facts), *(path for path, _ in reads)]))
        self._of_databases = without.of_databases(tree, facts, reads)
        self._of_hosts, self._joined = without.of_hosts(tree, facts)
        self._of_mail = without.of_mail(tree, facts, reads)
        self._of_files = without.of_files(tree, facts, reads)
        self._spared, self._settings = without.spared(tree, facts, reads)
        elsewhere = switches(tree)
        self._leading = leading(tree, facts, {name: one.text for name, one in elsewhere.items()})
        self._switches = {name: one.switch for name, one in examples.items() if one.is_plain} | elsewhere

    def evidence(self, path: str, read: Read) -> Iterator[Evidence]:
        """Of what it gets instead, and of who does without."""
        name = read.name
        fails = read.need is Need.FAILS or (read.need is Need.EMPTY and name in self._joined)
        if not fails or is_known(name, redis=True):
            return
        if given := self._of_hosts.get(name):
            yield self._gets("environment_as", given, "it is the site's own name", path, read)
        elif (text := self._off.get(name)) is not None:
            why = f"it is off: it gets {text or 'an empty value'}"
            yield self._gets("environment_off", Given(text=text), why, path, read)
        elif given := self._of_databases.get(name):
            yield self._gets("environment_as", given, "it is of the platform's database", path, read)
        elif given := self._of_files.get(name):
            yield self._gets("environment_off", given, "the platform has these files elsewhere", path, read)
        elif given := self._of_mail.get(name):
            yield self._gets("environment_off", given, "it is of a mail server", path, read)
            if given.is_mail:
                why = "until it has a value, the site's mail is shown in its log"
                yield self._at("environment_later", name, why, path, read)
        elif name in self._switches:
            yield self._as_elsewhere(name, "the code fails without it")
        elif name in self._spared:
            why = f"until it has a value, the site runs with {self._settings}, which does without it"
            yield self._at("environment_later", name, why, path, read)

    def leading(self) -> Iterator[Evidence]:
        """Of what keeps the settings from a branch that no site can take."""
        for name in sorted(self._leading):
            yield self._as_elsewhere(name, "without it the settings want what the repository lacks")

    def _as_elsewhere(self, name: str, why: str) -> Evidence:
        """What a file for another platform has for it."""
        one = self._switches[name]
        told = f"{name} gets {one.text}, as in {one.file}: {why}"
        self._tree.say(f"{told}. A value that dz env set gives it goes before.")
        given = Given(name=name, text=one.text).line()
        return at(self._tree, "environment_off", given, COUNTS, told, one.file, one.line)

    def _gets(self, field: str, given: Given, why: str, path: str, read: Read) -> Evidence:
        return self._at(field, replace(given, name=read.name).line(), why, path, read)

    def _at(self, field: str, value: str, why: str, path: str, read: Read) -> Evidence:
        return at(self._tree, field, value, COUNTS, why, path, read.line)


def _all(tree: Tree, facts: Facts) -> Iterator[tuple[str, Read, bool]]:
    root = facts.primary("project_root")
    central = settingscode.files(tree, facts)
    for kind in ("wsgi", "asgi"):
        application = facts.primary(f"{kind}_application").replace(".", "/").rpartition("/")[0]
        central += [join(root, f"{application}.py")] if application else []
    settings = {one.file for one in facts.ranked("settings_module")}
    others = [p for p in tree.python_with(*_WORDS) if p not in central and _imported(tree, facts, p, settings)]
    modules = [(path, tree.syntax(path), path in central) for path in [*dict.fromkeys(central), *others[:400]]]
    given = [file for path in dict.fromkeys(central) for file in settingscode.named_from(tree, facts, path)]
    known = readers(module for path in [*central, *given] if (module := tree.syntax(path)))
    for path, module, near in modules:
        for read in reads(module, known) if module else ():
            yield path, read, near


def _imported(tree: Tree, facts: Facts, path: str, settings: set[str]) -> bool:
    """Whether a module is likely part of the running site: below the project, no test or script, no other settings."""
    if not below(facts.primary("project_root"), path) or _ASIDE.search(path):
        return False
    other = re.search(r"settings|config", path) or path in settings or _is_other_settings(tree, facts, path)
    return ("/" in path and not other) or _read_by_settings(tree, facts, path)


def _is_other_settings(tree: Tree, facts: Facts, path: str) -> bool:
    """A module that takes over settings (``from .settings import *``) is another choice of them, whatever its name."""
    if not _TAKES_ALL.search(tree.text(path)):
        return False  # what it imports otherwise would all be parsed
    taken = settingscode.chain(tree, settingscode.roots(facts), path)[1:]
    return any(settingscode.looks_like_settings(tree, one) for one in taken) and not settingscode.only_adds(tree, path)


def _read_by_settings(tree: Tree, facts: Facts, path: str) -> bool:
    """A module that the settings import by name (``from config.env import env``) is as good as part of them."""
    name = path.rpartition("/")[2].removesuffix(".py")
    pattern = (
        rf"^[ \t]*from\s+[\w.]*\b{re.escape(name)}\s+import|^[ \t]*(from\s+\S+\s+)?import\s+.*\b{re.escape(name)}\b"
    )
    return any(re.search(pattern, tree.text(one), re.MULTILINE) for one in settingscode.files(tree, facts))


def _why(read: Read, told: str) -> str:
    needs = {
        (Need.FAILS, True): "it fails without this variable",
        (Need.FAILS, False): "it fails without this variable when it is used",
        (Need.EMPTY, True): "without this variable it is empty",
        (Need.EMPTY, False): "when it is used, and without this variable, it is empty",
        (Need.DEFAULT, True): "it has a default",
        (Need.DEFAULT, False): "it has a default",
    }[read.need, read.at_import]
    return f"{needs}; {told}" if told else needs
