"""The WSGI and ASGI applications: what the settings name, what wsgi.py and asgi.py hold, what the Procfile starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.neighbours import named
from dz.tasklib.build.inspect.tree import Tree, folder_of, join

NEEDS = ("project_root", "settings_module", "additional_python_path_dirs")
GIVES = ("wsgi_application", "asgi_application")

_SERVER = re.compile(
    r"\b(gunicorn|uwsgi|waitress-serve|uvicorn|daphne|hypercorn)\b[^\n]*?\s([A-Za-z_][\w.]*)(?::(\w+))?(?=\s|$|\")"
)
# What makes them itself, or has them from what the settings name.
_WEBSOCKETS = re.compile(r"ProtocolTypeRouter|websocket|get_default_application")
_MADE_BY = {
    "wsgi": ("get_wsgi_application", "WSGIHandler"),
    "asgi": ("get_asgi_application", "ASGIHandler", "ProtocolTypeRouter", "get_default_application"),
}


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    yield from _in_settings(tree, facts)
    yield from _in_files(tree, facts)
    yield from _in_procfile(tree, facts)


def _in_settings(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    for kind in ("wsgi", "asgi"):
        for path, value in settingscode.values(tree, facts, f"{kind.upper()}_APPLICATION"):
            name = code.string(value)
            if name and "." in name:
                exists = code.module_file(tree, settingscode.roots(facts), name.rpartition(".")[0])
                if not exists and _is_own(tree, facts, name):
                    continue  # git ignores it, or it was never there: then Django's own serves
                # Channels names ``project.routing.application`` in settings from before asgi.py was usual.
                usual = kind == "wsgi" or name.split(".")[-2] == "asgi"
                confidence = (0.94 if usual else 0.85) if exists else 0.2
                yield _evidence(tree, kind, name, confidence, "the settings name it", path, value.lineno)


def _is_own(tree: Tree, facts: Facts, name: str) -> bool:
    return any(tree.has_folder(join(root, name.split(".", maxsplit=1)[0])) for root in settingscode.roots(facts))


def _in_files(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    root, package = facts.primary("project_root"), facts.primary("settings_module").split(".")[0]
    for kind, makers in _MADE_BY.items():
        for path in [p for p in tree.python_with(*makers) if below(root, p) and code.importable(p)][:20]:
            module = tree.syntax(path)
            if module is None or not code.assigned(module, "application"):
                continue
            name = code.module_name(settingscode.root_of(facts, path), path)
            confidence = 0.9 if path.endswith(f"{kind}.py") else 0.6
            confidence -= 0.0 if name.split(".")[0] == package else 0.1
            confidence -= 0.05 * max(0, name.count(".") - 1)
            if kind == "asgi" and not _WEBSOCKETS.search(tree.text(path)):
                confidence -= 0.1  # as startproject makes it: what the settings name beside it serves more
            line = code.assigned(module, "application")[0].lineno
            yield _evidence(tree, kind, f"{name}.application", confidence, "it makes the application", path, line)


def _in_procfile(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    for path in named(tree, facts, "Procfile"):
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            found = _SERVER.search(line) if line.startswith("web") else None
            if found and code.module_file(tree, [*settingscode.roots(facts), folder_of(path)], found[2]):
                kind = "asgi" if found[1] in ("uvicorn", "daphne", "hypercorn") or "uvicorn" in line else "wsgi"
                name = f"{found[2]}.{found[3] or 'application'}"
                yield _evidence(tree, kind, name, 0.96, f"{found[1]} is started with it", path, number)


def _evidence(tree: Tree, kind: str, value: str, confidence: float, why: str, path: str, line: int) -> Evidence:
    return at(tree, f"{kind}_application", value, confidence, why, path, line)
