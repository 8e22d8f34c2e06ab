"""Tables of caches that are kept in the database. No migration makes them: Django has a command of its own for that,
which a project's instructions or its image run by hand. A table that is there stays as it is.
"""


def named():
    """Alias and table of each such cache, in their order."""
    from django.conf import settings

    caches = sorted(settings.CACHES.items())
    kept = [(alias, one) for alias, one in caches if str(one.get("BACKEND", "")).endswith(".DatabaseCache")]
    return [[alias, str(one.get("LOCATION", ""))] for alias, one in kept]


def make():
    from django.core.management import call_command

    if named():
        call_command("createcachetable")
