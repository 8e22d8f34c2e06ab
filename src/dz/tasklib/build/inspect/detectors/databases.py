"""Which databases the settings in force speak of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.tree import Tree

NEEDS = ("settings_module", "requirements_files")
GIVES = ("database_engines",)

_SCHEMES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "pgsql": "postgresql",
    "postgis": "postgis",
    "mysql": "mysql",
    "sqlite": "sqlite3",
    "spatialite": "spatialite",
    "oracle": "oracle",
}
_KNOWN = {"postgresql_psycopg2": "postgresql", "postgresql_psycopg": "postgresql"}


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    for path, value in settingscode.values(tree, facts, "DATABASES"):
        yield from _engines(tree, path, value)
        yield from _urls(tree, path, value)


def _engines(tree: Tree, path: str, value: ast.expr) -> Iterator[Evidence]:
    """``"ENGINE": "django.db.backends.x"``, also as the default of a variable."""
    for text, line in _strings(value):
        if ".backends." in text or text.startswith(("django_prometheus.db", "psqlextra.backend", "django_tenants")):
            last = text.rsplit(".", 1)[-1]
            name = "postgresql" if last in ("backend", "postgresql_backend") else _KNOWN.get(last, last)
            yield _evidence(tree, path, name, 0.9, "DATABASES names it", line)


def _urls(tree: Tree, path: str, value: ast.expr) -> Iterator[Evidence]:
    """dj-database-url, django-environ: the scheme of the default; without one PostgreSQL is what is meant."""
    for call in [value, *code.calls(value)]:
        if not isinstance(call, ast.Call):
            continue
        name = code.dotted(call.func)
        if name.endswith((".config", ".parse", ".db", ".db_url", ".dj_db_url")) or name in ("parse", "config"):
            schemes = [text.split(":", 1)[0] for text, _ in _strings(call) if "://" in text or text.endswith(":")]
            engines = {_SCHEMES[s] for s in schemes if s in _SCHEMES}
            for engine in engines:
                yield _evidence(tree, path, engine, 0.85, "DATABASES takes a URL with this default", call.lineno)
            if not name.endswith("parse") or not engines:
                yield _evidence(tree, path, "postgresql", 0.7, "DATABASES is read from a URL", call.lineno)


def _strings(value: ast.expr) -> Iterator[tuple[str, int]]:
    for one in ast.walk(value):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value, one.lineno


def _evidence(tree: Tree, path: str, engine: str, confidence: float, why: str, line: int) -> Evidence:
    return at(tree, "database_engines", engine, confidence, why, path, line)
