"""Services beside the database: Redis, a Celery worker or beat, a search engine, object storage."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import code, declared, settingscode
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.tree import Tree

NEEDS = ("project_root", "settings_module", "requirements_files")
GIVES = ("services",)

# What a line of the settings in force says (as source text, comments and all other names left out).
_IN_SETTINGS = (
    ("redis", r"(?i)redis(\.|cache|channel|://)|django_redis|REDIS_(URL|HOST)", 0.75, "the settings speak of Redis"),
    ("celery-beat", r"BEAT_SCHEDULE|django_celery_beat|CELERYBEAT", 0.8, "the settings schedule tasks"),
    ("rabbitmq", r"amqps?://", 0.6, "the settings name an AMQP broker"),
    ("memcached", r"\.memcached\.", 0.6, "the settings name a memcached cache"),
    ("elasticsearch", r"(?i)elasticsearch|opensearch", 0.55, "the settings speak of a search engine"),
    ("s3", r"S3Boto3?Storage|S3Storage|storages\.backends\.s3", 0.6, "the settings store files in S3"),
)
_PACKAGES = {
    "redis": ("redis", 0.4),
    "django-redis": ("redis", 0.5),
    "channels-redis": ("redis", 0.5),
    "django-rq": ("redis", 0.5),
    "celery": ("celery", 0.45),
    "django-celery-beat": ("celery-beat", 0.45),
    "elasticsearch": ("elasticsearch", 0.4),
}


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    yield from _settings(tree, facts)
    yield from _celery(tree, facts)
    yield from _packages(tree, facts)


def _settings(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    for path in settingscode.files(tree, facts):
        module = tree.syntax(path)
        for statement in code.statements(module.body) if module else ():
            if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr):
                continue
            source = ast.unparse(statement)[:20_000]
            for service, pattern, confidence, why in _IN_SETTINGS:
                if re.search(pattern, source):
                    yield _evidence(tree, service, confidence, why, path, statement.lineno)


def _celery(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    for path in tree.python_with("Celery("):
        module = tree.syntax(path)
        if module and below(facts.primary("project_root"), path) and "from celery import" in tree.text(path):
            line = next((c.lineno for c in code.calls(module) if code.dotted(c.func).endswith("Celery")), 1)
            yield _evidence(tree, "celery", 0.85, "a Celery application is made here", path, line)
            if "beat_schedule" in tree.text(path):
                yield _evidence(tree, "celery-beat", 0.8, "tasks are scheduled here", path, line)


def _packages(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    for path in facts.primary("requirements_files").split("\n"):
        for one in declared.with_included(tree, path) if path else ():
            if one.name in _PACKAGES and one.line:
                service, confidence = _PACKAGES[one.name]
                yield _evidence(tree, service, confidence, f"{one.name} is among the requirements", one.file, one.line)
            if one.name == "celery" and one.line and "redis" in tree.text(one.file).splitlines()[one.line - 1]:
                yield _evidence(tree, "redis", 0.5, "celery is required with its redis extra", one.file, one.line)


def _evidence(tree: Tree, service: str, confidence: float, why: str, path: str, line: int) -> Evidence:
    return at(tree, "services", service, confidence, why, path, line)
