"""Caches, queues and channels of the settings: what leads to the project's own Redis, and what stays where it is."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from tests.contract.test_guest_settings import site
from tests.guests import environment, everywhere

DUMMY = "django.core.cache.backends.dummy.DummyCache"


REDIS = "django.core.cache.backends.redis.RedisCache"


def test_a_cache_in_memory_stays_as_it_is(tmp_path: Path) -> None:
    cache = {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "mine",
        "OPTIONS": {"MAX_ENTRIES": 9},
    }
    assert site(tmp_path, environment("newest"), f"CACHES = {{'default': {cache}}}").peek("CACHES")["CACHES"] == {
        "default": cache
    }


def layers(*hosts: Any) -> dict[str, Any]:
    return {"default": {"BACKEND": "x.Layer", "CONFIG": {"hosts": list(hosts)}}}


def test_a_redis_of_the_developers_machine_is_the_projects_own_here(tmp_path: Path) -> None:
    ours = "redis://:r3dis@127.0.0.1:21007"
    parts = {"host": "127.0.0.1", "port": 21007, "password": "r3dis"}
    upper = {name.upper(): value for name, value in parts.items()}
    shapes: dict[str, tuple[Any, Any]] = {
        "CELERY_BROKER_URL": ("redis://localhost:6379/2", f"{ours}/2"),
        "FROM_VARIABLES": ("redis://127.0.0.1:21007/1", f"{ours}/1"),  # those of host and port that were filled in
        "SCHEME_BEFORE_ADDRESS": (f"redis://{ours}/0", f"{ours}/0"),  # of a variable that it takes for host and port
        "ELSEWHERE": ("redis://redis.example.org:6379/0",) * 2,
        "A_WORD": ("cache",) * 2,
        "CHANNEL_LAYERS": (
            layers(("127.0.0.1", 6379), "redis://redis:6379/3", {"address": "redis://redis"}, ("far", 6379)),
            layers(f"{ours}/0", f"{ours}/3", {"address": f"{ours}/0"}, ["far", 6379]),
        ),
        "RQ_QUEUES": (
            {
                "default": {"HOST": "localhost", "PORT": 6379, "DB": 4, "PASSWORD": "", "DEFAULT_TIMEOUT": 360},
                "filled": {"HOST": "127.0.0.1", "PORT": "21007"},
                "url": {"URL": "redis://redis:6379/5"},
                "far": {"HOST": "far.example.org", "PORT": 6379},
                "another": {"HOST": "localhost", "PORT": 6380},
                "sentinels": {"SENTINELS": [("localhost", 26379)]},
            },
            {
                "default": {**upper, "DB": 4, "DEFAULT_TIMEOUT": 360},
                "filled": upper,
                "url": {"URL": f"{ours}/5"},
                "far": {"HOST": "far.example.org", "PORT": 6379},
                "another": {"HOST": "localhost", "PORT": 6380},
                "sentinels": {"SENTINELS": [["localhost", 26379]]},
            },
        ),
        "CACHEOPS_REDIS": ({"host": "redis", "port": 6379, "db": 6}, {**parts, "db": 6}),
        "Q_CLUSTER": ({"name": "q", "redis": {"host": "localhost"}}, {"name": "q", "redis": parts}),
        "CACHES": (
            {
                "default": {"BACKEND": DUMMY, "LOCATION": "localhost:6379:7"},
                "m": {"BACKEND": DUMMY, "LOCATION": "redis:11211"},
            },
            {
                "default": {"BACKEND": DUMMY, "LOCATION": f"{ours}/7"},
                "m": {"BACKEND": DUMMY, "LOCATION": "redis:11211"},
            },
        ),
        "HUEY": ({"connection": {"host": "localhost", "port": 6379}}, {"connection": parts}),
    }
    lines = "\n".join(f"{name} = {given!r}" for name, (given, _) in shapes.items())
    made = site(tmp_path, environment("newest"), lines)
    made.env["DZ_REDIS_URL"] = f"{ours}/0"
    assert made.peek(*shapes) == {name: wanted for name, (_, wanted) in shapes.items()}


@everywhere
def test_what_another_hosts_redis_wants_of_tls_is_left_out_for_the_projects_own(name: str, tmp_path: Path) -> None:
    ours = "redis://:r3dis@127.0.0.1:21007"
    pool = {"CONNECTION_POOL_KWARGS": {"ssl_cert_reqs": None, "max_connections": 5}}
    lines = (
        f"import os\nURL = os.environ['REDIS_URL']\nBACK = {DUMMY!r}\n"
        "CHANNEL_LAYERS = {'default': {'BACKEND': 'x', 'CONFIG': {'hosts': [\n"
        "    {'address': URL, 'ssl_cert_reqs': None}, {'address': 'rediss://far', 'ssl_cert_reqs': None}]}}}\n"
        f"CACHES = {{'default': {{'BACKEND': BACK, 'LOCATION': [URL], 'OPTIONS': {pool!r}}},\n"
        f"    'far': {{'BACKEND': BACK, 'LOCATION': 'rediss://far:1/0', 'OPTIONS': {pool!r}}}}}\n"
        "RQ_QUEUES = {'default': {'HOST': 'localhost', 'PORT': 6379, 'SSL': True, 'SSL_CERT_REQS': None}}\n"
        "CELERY_BROKER_URL, CELERY_BROKER_USE_SSL = URL, {'ssl_cert_reqs': 0}\n"
    )
    made = site(tmp_path, environment(name), lines)
    made.env.update(DZ_REDIS_URL=f"{ours}/0", REDIS_URL=f"{ours}/0")
    found = made.peek("CHANNEL_LAYERS", "CACHES", "RQ_QUEUES", "CELERY_BROKER_USE_SSL")
    far = {"address": "rediss://far", "ssl_cert_reqs": None}
    assert found["CHANNEL_LAYERS"]["default"]["CONFIG"]["hosts"] == [{"address": f"{ours}/0"}, far]
    assert found["CACHES"]["default"]["OPTIONS"] == {"CONNECTION_POOL_KWARGS": {"max_connections": 5}}
    assert found["CACHES"]["far"]["OPTIONS"] == pool
    assert found["RQ_QUEUES"]["default"] == {"HOST": "127.0.0.1", "PORT": 21007, "PASSWORD": "r3dis"}
    assert found["CELERY_BROKER_USE_SSL"] is None


def test_the_tls_of_a_broker_elsewhere_stays(tmp_path: Path) -> None:
    lines = "CELERY_BROKER_URL, CELERY_BROKER_USE_SSL = 'amqps://far.example.org', {'ca_certs': 'x'}\n"
    made = site(tmp_path, environment("newest"), lines)
    made.env["DZ_REDIS_URL"] = "redis://:r3dis@127.0.0.1:21007/0"
    assert made.peek("CELERY_BROKER_USE_SSL")["CELERY_BROKER_USE_SSL"] == {"ca_certs": "x"}


def test_a_cache_whose_address_nobody_gave_is_in_the_projects_own_redis(tmp_path: Path) -> None:
    lines = f"CACHES = {{'default': {{'BACKEND': {REDIS!r}, 'LOCATION': None}}}}"
    with socket.create_server(("127.0.0.1", 0)) as answers:
        ours = f"redis://:r3dis@127.0.0.1:{answers.getsockname()[1]}/0"
        made = site(tmp_path, environment("newest"), lines)
        made.env["DZ_REDIS_URL"] = ours
        assert made.peek("CACHES")["CACHES"]["default"] == {"BACKEND": REDIS, "LOCATION": ours}
