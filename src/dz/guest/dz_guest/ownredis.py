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
NESTED = ("CACHES", "CHANNEL_LAYERS", "RQ_QUEUES", "HUEY", "Q_CLUSTER", "CACHEOPS_REDIS", "CONSTANCE_REDIS_CONNECTION")


def stores(values):
    ours = os.environ.get("DZ_REDIS_URL", "")
    if not ours:
        return {}
    changed = {}
    for name, value in values.items():
        if name in NESTED or (isinstance(value, str) and (URL.match(value) or DOUBLED.match(value))):
            new = _moved(_located(value, ours) if name == "CACHES" else value, ours)
            if new != value:
                changed[name] = new
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


def _meant(port, ours):
    return str(port or USUAL) in (USUAL, str(urlsplit(ours).port))
