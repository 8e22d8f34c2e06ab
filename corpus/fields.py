"""Each field of a check beside the truth, by these rules:

- Python: right when it is one of the minor versions that the truth names (what it ran on, what is declared; ``3.x``
  is any), or a range that holds the one it ran on.
- Django: the version it ran on, or a range that holds it.
- Dependency files: all that are taken are named by the truth, and not as stale or incomplete.
- Applications: ``a.wsgi``, ``a.wsgi:application`` and ``a.wsgi.application`` are one.
- Databases: every engine that is told is named by the truth; one that comes from a URL is PostgreSQL.
- Services: of Redis and Celery exactly those that the truth names (``a/b`` is either).
- Asked for: nothing of a project that needs no value of its owner, and nothing else than the truth names of the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

Verdict = tuple[bool, str, str]  # whether it is right, what was told, the truth


def compare(truth: Mapping[str, Any], guesses: Iterable[Mapping[str, Any]], asked: Iterable[str]) -> dict[str, Verdict]:
    """A verdict for each field, by its name."""
    told = {one["field"]: str(one["value"]) for one in guesses if one["is_primary"]}
    rules: dict[str, tuple[Callable[[str, Any], bool], Any]] = {
        "project_root": (_same, truth["project_root"]),
        "settings_module": (_same, truth["settings_module"]),
        "installer": (_same, truth["installer"]),
        "requirements_files": (_files, truth["requirements"]),
        "python_version": (_python, f"{truth['python']} · {truth['python_declared'] or ''}"),
        "django_version": (_django, truth["django_version"]),
        "wsgi_application": (_application, truth["wsgi"] or ""),
        "asgi_application": (_application, truth["asgi"] or ""),
        "database_engines": (_engines, f"{_text(truth['databases'])} {truth['database_config']}"),
        "services": (_services, _text(truth["services"])),
    }
    verdicts = {
        field: (rule(told.get(field, ""), value), told.get(field, ""), _text(value))
        for field, (rule, value) in rules.items()
    }
    wanted = set(truth["env_required"]) if truth["deployable"] != "zero-config" else set()
    names = sorted(asked)
    return {**verdicts, "asked_for": (set(names) <= wanted, " ".join(names), " ".join(sorted(wanted)))}


def _same(told: str, truth: str) -> bool:
    return told == truth


def _files(told: str, truth: list[str]) -> bool:
    good = [entry for entry in truth if not re.search(r"stale|incomplete", entry)]
    named = {path for entry in good for path in re.findall(r"[\w./-]+\.(?:txt|toml|in|py|cfg)|Pipfile", entry)}
    taken = set(filter(None, told.split("\n")))
    return taken <= named and bool(taken) == bool(named)


def _python(told: str, truth: str) -> bool:
    ran = truth.partition(" · ")[0]
    minors = set(re.findall(r"\b(3\.\d+|2\.7)", truth))
    if exact := re.fullmatch(r"(\d+\.\d+)(\.\d+)?", told):
        return exact[1] in minors or (exact[1].startswith("3.") and "3.x" in truth)
    return _holds(told, ran)


def _django(told: str, truth: str) -> bool:
    return told == truth or _holds(told, truth)


def _holds(bounds: str, version: str) -> bool:
    try:
        return SpecifierSet(bounds, prereleases=True).contains(version)
    except InvalidSpecifier:
        return False


def _application(told: str, truth: str) -> bool:
    return _plain(told) == _plain(truth)


def _plain(name: str) -> str:
    return name.replace(":", ".").removesuffix(".application")


def _engines(told: str, truth: str) -> bool:
    named = {word.replace("sqlite3", "sqlite") for word in re.findall(r"postgis|postgres|mysql|sqlite3?", truth)}
    named |= {"postgres"} if re.search(r"(?i)database_url|postgres", truth) else set()
    engines = {word.replace("postgresql", "postgres").replace("sqlite3", "sqlite") for word in told.split()}
    return engines <= named and bool(engines) == bool(named)


def _services(told: str, truth: str) -> bool:
    truth = re.sub(r"(\w+)/(\w+)", lambda either: either[1 if either[1] in told.split() else 2], truth)
    return {"redis", "celery"} & set(told.split()) == set(re.findall(r"redis|celery", truth.lower()))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
