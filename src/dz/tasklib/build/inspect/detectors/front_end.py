"""Front ends that must be built before Django has all its files: folders with a ``build`` script in their package.json
whose result is among what Django serves or reads, and is not committed. Beside them the folders of ``node_modules``
that Django serves as they are.

Where a result goes is read from the script, the bundler's configuration, or is the bundler's custom. One that Django's
settings do not name, and that lies in no folder of static files or templates, is a site of its own and none of ours.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import code
from dz.tasklib.build.inspect.declared import table
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.tree import Tree, folder_of, join, parents
from dz.tasklib.build.scripts import ASIDE

NEEDS: tuple[str, ...] = ()
GIVES = ("front_ends",)

_CONFIGURATION = re.compile(r"(?:vite|webpack|rollup|rspack|vue)[\w.-]*\.[mc]?[jt]s")
# outDir: "../x", path: path.resolve(__dirname, "..", "x"), path: __dirname + "/x", dir: "x", file: "x/y.js"
_INTO = re.compile(
    r"""\b(outDir|outputDir|dir|path|file):\s*(?:(?:path\.)?(?:resolve|join)\(\s*)?"""
    r"""(?P<beside>(?:__dirname|import\.meta\.dirname)\s*[,+]\s*)?(?P<words>(?:["'`][\w./${}-]+["'`](?:\s*,\s*)?)+)"""
)
_CONSTANT = re.compile(r"""\bconst (\w+) = ["']([\w./-]+)["']""")
_FLAG = re.compile(r"(?:^|\s)(?:--out-?dir|--output-path|--dist-dir|--output|-o)[= ]\s*([\w./-]+)", re.IGNORECASE)
_CUSTOM = (("react-scripts build", "build"), ("vite build", "dist"), ("vue-cli-service build", "dist"))
_FRAMEWORKS = {"react", "vue", "svelte", "@angular/core", "preact", "next", "nuxt", "solid-js"}
MODULES = "node_modules"
_FINDERS = ("NpmFinder", "NodeModulesFinder")  # of django-npm and django-node-assets
_WATCHES = re.compile(r"(?:^|\s)(?:--watch|-w)(?:\s|=|$)")
_OF_LIBRARY = {"exports", "module", "types"}  # what other packages import of one
_SERVED = {"static", "templates"}
_ANYBODYS = {"dist", "build", "out", "public"}  # names that only mean something with their parent's


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    yield from _built(tree)
    yield from _served(tree)


def _served(tree: Tree) -> Iterator[Evidence]:
    """``STATICFILES_DIRS = [BASE_DIR / "node_modules" / "bootstrap"]``, or a finder that looks into all of them; the
    package.json is the nearest above."""
    for path in tree.python_with("node_modules", *_FINDERS):
        module = tree.syntax(path)
        package = next((one for one in parents(folder_of(path)) if tree.has(join(one, "package.json"))), None)
        for line, inner in _named(module) if module and package is not None else ():
            result = join(package or "", inner)
            if not (tree.root / result).is_dir():  # whose files the tree does not have
                why = f"Django is to serve {result}, which is not committed"
                yield at(tree, "front_ends", result, 0.8, why, path, line)


def _named(module: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, the path from node_modules on)."""
    for one in [item for value in code.assigned(module, "STATICFILES_DIRS") for item in getattr(value, "elts", ())]:
        found = [code.path_of(part) or "" for part in ast.walk(one) if isinstance(part, ast.expr)]
        parts = max(found, key=lambda text: len(text) if MODULES in text.split("/") else 0).split("/")
        if MODULES in parts:
            yield one.lineno, "/".join(parts[parts.index(MODULES) :])
    for value in code.assigned(module, "STATICFILES_FINDERS"):
        if any(word.rpartition(".")[2] in _FINDERS for word in code.strings(value)):
            yield value.lineno, MODULES


def _built(tree: Tree) -> Iterator[Evidence]:
    settings = "\n".join(tree.text(path) for path in tree.python_with("STATICFILES_DIRS", "TEMPLATES"))
    for folder in [folder_of(path) for path in tree.named("package.json")]:
        if not _scripts(tree, folder) or _SERVED & set(folder.split("/")):
            continue  # below static files it is somebody else's package, committed as it was released
        own = True
        for file, line, result in _results(tree, folder):
            there = tree.has(result) or tree.has_folder(result)
            named = bool(result) and bool(_SERVED & set(result.split("/")) or _names(settings, result))
            own = own and not named
            if named and not there:
                why = f"its build makes {result}, which Django is to serve and which is not committed"
                yield at(tree, "front_ends", folder or ".", 0.8, why, file, line)
                break
        package = _package(tree, folder)
        library = _OF_LIBRARY & set(package)
        if own and folder and not library and _FRAMEWORKS & set(table(package, "dependencies")):
            tree.say(f"{folder} is a front end of its own, which Django does not serve: it is not part of this site.")


def _results(tree: Tree, folder: str) -> Iterator[tuple[str, int, str]]:
    """Where its build puts what it makes, with the file and line that say so."""
    package = join(folder, "package.json")
    line = next((n for n, text in enumerate(tree.text(package).split("\n"), 1) if '"build"' in text), 1)
    scripts = " ".join(_scripts(tree, folder))
    for flag in _FLAG.finditer(scripts):
        yield package, line, join(folder, flag[1])
    files = [path for path in tree.files if _CONFIGURATION.fullmatch(path.rsplit("/", 1)[-1])]
    said = False
    for path in sorted(files, key=lambda one: one.rsplit("/", 1)[-1] not in scripts):  # the one that a script names
        for at_line, result in _of_configuration(tree, path) if _builder(tree, path) == folder else ():
            said = True
            yield path, at_line, result
    for command, result in () if said else _CUSTOM:
        if command in scripts:
            yield package, line, join(folder, result)


def _of_configuration(tree: Tree, path: str) -> Iterator[tuple[int, str]]:
    text, package = (
        tree.text(path),
        next(one for one in parents(folder_of(path)) if tree.has(join(one, "package.json"))),
    )
    constants = dict(_CONSTANT.findall(text))
    for into in _INTO.finditer(text):
        words = re.findall(r"""["'`]([^"'`]+)["'`]""", into["words"])
        result = re.sub(r"\$\{(\w+)\}", lambda name: constants.get(name[1], ""), "/".join(words))
        if into["beside"] or not result.startswith("/"):
            result = join(folder_of(path) if into["beside"] else package, result.lstrip("/"))
            yield text.count("\n", 0, into.start()) + 1, folder_of(result) if into[1] == "file" else result


def _builder(tree: Tree, path: str) -> str | None:
    """The folder whose build reads that configuration: the nearest with a build script, or the workspace around it."""
    found = [folder for folder in parents(folder_of(path)) if _scripts(tree, folder)]
    return next((one for one in reversed(found) if "workspaces" in _package(tree, one)), found[0]) if found else None


def _scripts(tree: Tree, folder: str) -> list[str]:
    """The script ``build`` and those that it is made of; where there is none, those that build by their names and
    end."""
    scripts = {str(name): text for name, text in table(_package(tree, folder), "scripts").items()}
    if isinstance(scripts.get("build"), str):
        return [str(text) for name, text in scripts.items() if name.startswith("build")]
    named = {name: text for name, text in scripts.items() if isinstance(text, str) and _is_build(name)}
    return [text for text in named.values() if not _WATCHES.search(text)]


def _is_build(name: str) -> bool:
    words = re.split(r"[^A-Za-z0-9]", name)
    return "build" in words and not set(ASIDE) & set(words)


def _package(tree: Tree, folder: str) -> dict[str, object]:
    try:
        read = json.loads(tree.text(join(folder, "package.json")) or "{}")
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _names(settings: str, result: str) -> bool:
    """Whether the settings name that folder, in one string or in several: ``BASE_DIR / "web" / "dist"``."""
    above, _, name = result.rpartition("/")
    parent = rf"\b{re.escape(above.rpartition('/')[2])}\w*[\"'/,\s)(]+" if name in _ANYBODYS and above else r"[\"'/]"
    return re.search(rf"(?i){parent}{re.escape(name)}[\"'/]", settings) is not None
