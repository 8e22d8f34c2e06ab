"""The project's own Redis in the place of one that its settings look for on the developer's machine.

Pure, from all values to the changed ones. What its owner gave a variable for never comes here: then there is no other.
An address that is ours already, from variables that were filled in, may lack the password: settings seldom read one.
"""

import os
import re
from urllib.parse import urlsplit

HOSTS = ("localhost", "127.0.0.1", "redis", "valkey", "cache")
USUAL = "6379"
URL = re.compile(r"rediss?://(?:[^/@]*@)?(?:%s)?(?::(\d+))?(?:/(\d+))?(?:\?.*)?\Z" % "|".join(map(re.escape, HOSTS)))
DOUBLED = re.compile(r"rediss?://(?=redis://)")  # before a variable that was filled in with the whole address
BARE = re.compile(r"(?:%s):(\d+)(?::(\d+))?\Z" % "|".join(map(re.escape, HOSTS)))  # as old caches take it
TLS = re.compile(r"(?:CELERY_)?(?:BROKER|REDIS_BACKEND)_USE_SSL\Z")
NESTED = ("CACHES", "CHANNEL_LAYERS", "RQ_QUEUES", "HUEY", "Q_CLUSTER", "CACHEOPS_REDIS", "CONSTANCE_REDIS_CONNECTION")


def stores(values):
    ours = os.environ.get("DZ_REDIS_URL", "")
    if not ours:
        return {}
    changed = {}
    for name, value in values.items():
        if name in NESTED or (isinstance(value, str) and (URL.match(value) or DOUBLED.match(value))):
            new = _without_tls(_moved(_located(value, ours) if name == "CACHES" else value, ours), ours)
            if new != value:
                changed[name] = new
        elif TLS.match(name) and value and _speaks_to(values, ours):
            changed[name] = None
    return changed


def _located(caches, ours):
    """With an address for those that have none, for the variable that would name it has no value."""
    return {
        alias: dict(one, LOCATION=ours)
        if "redis" in str(one.get("BACKEND")).lower() and not one.get("LOCATION")
        else one
        for alias, one in caches.items()
    }


def _moved(value, ours):
    if isinstance(value, str):
        value = DOUBLED.sub("", value)
        found = URL.match(value) or BARE.match(value)
        here = found and _meant(found.group(1), ours)
        return ours.rsplit("/", 1)[0] + "/" + (found.group(2) or "0") if here else value
    if isinstance(value, dict):
        return _by_host_and_port(value, ours) or {key: _moved(inner, ours) for key, inner in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and value[0] in HOSTS and _meant(value[1], ours):
        return ours  # an address, as channels_redis takes it
    if type(value) in (list, tuple):
        return type(value)(_moved(inner, ours) for inner in value)
    return value


def _by_host_and_port(value, ours):
    """A connection of parts, as RQ and others take it: the same at ours, its number of the database kept. Else None."""
    for host, port, password in (("HOST", "PORT", "PASSWORD"), ("host", "port", "password")):
        if value.get(host) in HOSTS and _meant(value.get(port), ours):
            parts = urlsplit(ours)
            return dict(value, **{host: parts.hostname, port: parts.port, password: parts.password})
    return None


def _without_tls(value, ours):
    """What belongs to a connection of ours goes on in the clear, within one host: where its address is among the words
    of a table, the options for TLS of another's go, those of tables within it too."""
    if isinstance(value, dict):
        at_ours = any(_is_ours(one, ours) for one in value.values()) or _by_host_and_port(value, ours)
        if at_ours:
            return _bare(value)
        return {key: _without_tls(inner, ours) for key, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_without_tls(inner, ours) for inner in value)
    return value


def _bare(value):
    if not isinstance(value, dict):
        return value
    return {key: _bare(inner) for key, inner in value.items() if not str(key).lower().startswith("ssl")}


def _is_ours(value, ours):
    if type(value) in (list, tuple):
        return any(_is_ours(one, ours) for one in value)
    return isinstance(value, str) and value.startswith(ours.rsplit("/", 1)[0])


def _speaks_to(values, ours):
    """Whether Celery's messages go to ours: no setting has an address elsewhere."""
    named = [values[name] for name in values if name.endswith("BROKER_URL") and values[name]]
    return all(_is_ours(_moved(one, ours), ours) for one in named)


def _meant(port, ours):
    return str(port or USUAL) in (USUAL, str(urlsplit(ours).port))
