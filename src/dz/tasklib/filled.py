"""Variables that a platform can know: filled in when the project reads them and its owner gave no value.

The names are those that real projects use (the shared corpus); what none of them covers has to be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from dz.tasklib.buildconfig import parse
from dz.tasklib.given import Given
from dz.tasklib.records import Database, Redis

REDIS_AT = "127.0.0.1"  # its appserver's loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the platform knows of a release, from which variables are made."""

    database: Database
    secret_key: str
    hosts: tuple[str, ...]  # the project's hostnames
    url: str  # of its first hostname
    redis: Redis | None = None  # the project's own


def database_url(database: Database) -> str:
    """A URL that django-environ and dj-database-url both understand; a socket folder goes to PGHOST instead."""
    host = "" if database.address.startswith("/") else f"{database.address}:{database.port}"
    return f"postgres://{database.role}:{quote(database.password.reveal(), safe='')}@{host}/{database.name}"


def asks_for_redis(build_config: str) -> bool:
    """Whether its code does, whatever its owner gave."""
    return "redis" in parse(build_config).services


def wants_redis(build_config: str, given: Iterable[str]) -> bool:
    """Whether a release asks for a Redis, and none of the variables that its owner gave names one. By names alone:
    who switches to a release can open no values."""
    return asks_for_redis(build_config) and not any(_GIVEN.search(name) for name in given)


def redis_url(redis: Redis) -> str:
    return f"redis://:{redis.password.reveal()}@{REDIS_AT}:{redis.port}/0"


def platform_variables(known: Known) -> dict[str, str]:
    """What every process of a site gets, whatever the project reads. The guest takes the DZ_ ones."""
    database = known.database
    redis = {"DZ_REDIS_URL": redis_url(known.redis)} if known.redis else {}
    return redis | {
        "DZ_DATABASE_URL": database_url(database),
        "DZ_SECRET_KEY": known.secret_key,
        "PGHOST": database.address,
        "PGPORT": str(database.port),
    }


def fill(lines: Iterable[str], known: Known) -> dict[str, str]:
    """Values for those variables of the ``lines`` (``given.py``) that the platform knows; the others are left out."""
    told = [Given.parse(line) for line in lines]
    texts = {one.name: one.text for one in told if one.text is not None}
    meant = {one.name: one.like or one.name for one in told if one.name not in texts}
    found = {name: value(known) for name, other in meant.items() if (value := _value(other)) is not None}
    return found | texts | (_of_redis(known.redis, meant) if known.redis else {})


def mail(lines: Iterable[str], own: Iterable[str]) -> dict[str, str]:
    """What tells the guest that a mail server is missing: a name of it was filled, and the owner gave it no value."""
    filled = {one.name for one in map(Given.parse, lines) if one.is_mail}
    return {"DZ_MAIL": "log"} if filled - set(own) else {}


def broker(redis: Redis, own: Iterable[str]) -> dict[str, str]:
    """Celery reads this one by itself, before what its application names: one that has only an address of the
    developer's machine in its code works too. Not for a project that was given a broker."""
    given = any(_BROKER.search(name) for name in own)
    return {} if given else {"CELERY_BROKER_URL": redis_url(redis)}


def _of_redis(redis: Redis, names: Iterable[str]) -> dict[str, str]:
    password = redis.password.reveal()
    values = {"URL": redis_url(redis), "HOST": REDIS_AT, "PORT": str(redis.port), "PASSWORD": password}
    values |= {"PASS": password, "DB": "0", "LOCATION": values["URL"], "HOSTNAME": REDIS_AT, "URI": values["URL"]}
    return {name: values[found[1] or "URL"] for name in names if (found := _OF_REDIS.search(name.upper()))}


def is_known(name: str, *, redis: bool) -> bool:
    """``redis``: whether the project has one of ours."""
    return _value(name) is not None or (redis and _OF_REDIS.search(name.upper()) is not None)


def _value(name: str) -> Callable[[Known], str] | None:
    """By the whole name, or by its end where that can only mean the database or the site (``SHOP_POSTGRES_HOST``);
    some write them small."""
    name = name.upper()
    inner = _BY_ITS_END.search(name)
    return _VALUES.get(name) or (_VALUES.get(inner[1]) if inner else None)


def _same(value: Callable[[Known], str], *names: str) -> Mapping[str, Callable[[Known], str]]:
    return dict.fromkeys(names, value)


def _words(*suffixes: str, prefixes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{prefix}{suffix}" for prefix in prefixes for suffix in suffixes)


_BY_ITS_END = re.compile(r"(?<!\ARDS)_((?:POSTGRES|POSTGRESQL|DATABASE|DB)_[A-Z]+|SITE_URL)\Z")
_OF_REDIS = re.compile(
    r"(?:\A|_)(?:REDIS(?:_[A-Z]+)?_(URL|URI|HOST|HOSTNAME|PORT|PASSWORD|PASS|DB|LOCATION)"
    r"|REDIS_BACKEND|CACHE_URL|(?:CELERY_)?BROKER_URL|(?:CELERY_)?RESULT_BACKEND(?:_URL)?)\Z()"
)
_GIVEN = re.compile(r"REDIS|VALKEY|CACHE_URL")  # in the name of a variable of the project's
_BROKER = re.compile(r"BROKER|AMQP|RABBIT")
# Not RDS_: settings that find one take it for a sign that they are at Amazon's.
_DB = ("DB_", "DATABASE_", "POSTGRES_", "POSTGRESQL_", "DJANGO_DB_", "SQL_", "PG", "PG_")

_VALUES: Mapping[str, Callable[[Known], str]] = {
    **_same(lambda k: database_url(k.database), "DATABASE_URL", "DJANGO_DATABASE_URL", "POSTGRES_URL", "DB_URL"),
    **_same(lambda k: k.database.name, *_words("NAME", "DATABASE", "DB", "DBNAME", prefixes=_DB), "DBNAME"),
    **_same(lambda k: k.database.role, *_words("USER", "USERNAME", prefixes=_DB), "DBUSER"),
    **_same(
        lambda k: k.database.password.reveal(),
        *_words("PASSWORD", "PASS", "PASSWD", prefixes=_DB),
        "DBPASSWORD",
        "DBPASS",
    ),
    **_same(lambda k: k.database.address, *_words("HOST", "HOSTNAME", "SERVER", prefixes=_DB), "DBHOST"),
    **_same(lambda k: str(k.database.port), *_words("PORT", prefixes=_DB), "DBPORT"),
    **_same(lambda _: "django.db.backends.postgresql", *_words("ENGINE", prefixes=_DB), "DBENGINE"),
    **_same(
        lambda k: k.secret_key,
        "SECRET_KEY",
        "DJANGO_SECRET_KEY",
        "DJANGO_SECRET",
        "SECRET",
        "APP_SECRET_KEY",
        "SECRETKEY",
    ),
    **_same(
        lambda k: ",".join(k.hosts),
        "ALLOWED_HOSTS",
        "DJANGO_ALLOWED_HOSTS",
        "ALLOWED_HOST",
        "DJANGO_ALLOWED_HOST",
        "HOSTS",
    ),
    **_same(
        lambda k: k.hosts[0] if k.hosts else "localhost",
        "HOSTNAME",
        "DOMAIN",
        "DOMAIN_NAME",
        "SITE_DOMAIN",
        "APP_DOMAIN",
        "BACKEND_DOMAIN",
        "HOST",
    ),
    **_same(lambda _: "admin/", "ADMIN_URL", "DJANGO_ADMIN_URL"),  # below the site's own
    **_same(lambda _: "1", "SITE_ID"),  # the site that a migration of django.contrib.sites makes
    **_same(
        lambda k: k.url,
        "SITE_URL",
        "BASE_URL",
        "BACKEND_URL",
        "CSRF_TRUSTED_ORIGINS",
        "DJANGO_CSRF_TRUSTED_ORIGINS",
        "WEBSITE_URL",
    ),
}
