"""Which databases the settings in force speak of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dz.tasklib.build.inspect import code, declared, settingscode
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
_OF_DRIVER = {
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "psycopg2-binary": "postgresql",
    "mysqlclient": "mysql",
    "pymysql": "mysql",
}
_KNOWN = {"postgresql_psycopg2": "postgresql", "postgresql_psycopg": "postgresql"}


# What a variable is called that switches to a developer's own database.
_DEVELOPING = re.compile(r"(?i)dev|debug|local|test")


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    found: list[Evidence] = []
    for path, value in settingscode.values(tree, facts, "DATABASES"):
        for one in [*_engines(tree, path, value), *_urls(tree, path, value)]:
            aside = one.line is not None and any(one.line in span for span in _developing(tree, path))
            found.append(replace(one, confidence=0.4, why=f"{one.why}, for development") if aside else one)
    yield from found
    if not found:
        yield from _drivers(tree, facts)


def _developing(tree: Tree, path: str) -> list[range]:
    """The lines that run where an ``if`` finds a developer's machine: ``if DEBUG``, ``if DEVELOPMENT_MODE is True``."""
    module = tree.syntax(path)
    spans = []
    for one in ast.walk(module) if module else ():
        if not isinstance(one, ast.If) or any(isinstance(sub, ast.Not | ast.NotEq) for sub in ast.walk(one.test)):
            continue
        names = [sub.id for sub in ast.walk(one.test) if isinstance(sub, ast.Name)]
        names += [text for text in code.strings(one.test) if text.isupper()]  # a variable's name
        if any(_DEVELOPING.search(name) for name in names) and not any(
            isinstance(sub, ast.Constant) and sub.value is False for sub in ast.walk(one.test)
        ):
            spans.append(range(one.body[0].lineno, (one.body[-1].end_lineno or one.body[-1].lineno) + 1))
    return spans


def _drivers(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    """Where code makes DATABASES in a way that only runs tell: the driver that is installed."""
    for path in facts.primary("requirements_files").split("\n"):
        for one in declared.with_included(tree, path) if path else ():
            if engine := _OF_DRIVER.get(one.name):
                why = f"{one.name} is among the requirements, and the settings tell no engine"
                yield _evidence(tree, one.file, engine, 0.5, why, one.line)


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


def _evidence(tree: Tree, path: str, engine: str, confidence: float, why: str, line: int | None) -> Evidence:
    return at(tree, "database_engines", engine, confidence, why, path, line)
