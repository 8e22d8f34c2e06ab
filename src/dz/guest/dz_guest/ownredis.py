"""The project's own Redis in the place of one that its settings look for on the developer's machine.

Pure, from all values to the changed ones. What its owner gave a variable for never comes here: then there is no other.
"""

import os
import re

LOCAL = re.compile(
    r"rediss?://(?:[^/@]*@)?(?:localhost|127\.0\.0\.1|redis|valkey|cache)?(?::6379)?(?:/(\d+))?(?:\?.*)?\Z"
)
HOSTS = ("localhost", "127.0.0.1", "redis", "valkey", "cache")
NESTED = ("CACHES", "CHANNEL_LAYERS", "RQ_QUEUES", "HUEY", "Q_CLUSTER", "CACHEOPS_REDIS", "CONSTANCE_REDIS_CONNECTION")


def stores(values):
    ours = os.environ.get("DZ_REDIS_URL", "")
    if not ours:
        return {}
    changed = {}
    for name, value in values.items():
        if name in NESTED or (isinstance(value, str) and LOCAL.match(value)):
            new = _moved(value, ours)
            if new != value:
                changed[name] = new
    return changed


def _moved(value, ours):
    if isinstance(value, str):
        found = LOCAL.match(value)
        return ours.rsplit("/", 1)[0] + "/" + (found.group(1) or "0") if found else value
    if isinstance(value, dict):
        return {key: _moved(inner, ours) for key, inner in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and value[0] in HOSTS and value[1] == 6379:
        return ours  # an address, as channels_redis takes it
    if isinstance(value, (list, tuple)):
        return type(value)(_moved(inner, ours) for inner in value)
    return value
