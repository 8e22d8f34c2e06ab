"""The first pages of a project beside ``/``: its admin, its log-in, and its first addresses without arguments.

The platform asks for them before anybody else does: what does something when it is asked for, by its name, is left out.
"""

import re

from dz_guest import urls

MOST = 6
DEEP = 3
# Addresses that may do something, are no pages, or could not be asked for as they stand.
LEFT_OUT = re.compile(
    r"(?i)log-?_?out|sign-?_?out|delete|remove|destroy|clear|flush|reset|cron|hook|callback|task|sync|import|populate"
    r"|seed|send|run|stop|start|cancel|toggle|subscribe|export|download|install|migrate|add|create|insert|edit|update"
    r"|save|set|change|upload|post|submit|order|buy|cart|checkout|pay|charge|like|vote|rate|follow|join|leave|invite"
    r"|approve|accept|reject|confirm|verify|activate|mark|move|copy|load|init|generate|refresh|test|debug|execute"
    r"|do[-_/]|[^\w/.~-]|.{120}"
)


def first():
    """Their paths, none where the urls can't be read."""
    try:
        return _first()
    except Exception as error:
        print("The project's first pages can't be told: %s" % error)
        return []


def _first():
    from django.conf import settings
    from django.shortcuts import resolve_url

    found, site = [], urls.resolver()
    for name in ("admin:index", settings.LOGIN_URL):
        try:
            path = resolve_url(name)
            site.resolve(path)
            found.append(path)
        except Exception:  # it has none
            continue
    found += [path for path in _paths(site, "", 0) if not LEFT_OUT.search(path)]
    return sorted(set(found) - {"/"}, key=found.index)[:MOST]


def _paths(resolver, prefix, depth):
    """Addresses without arguments in the order of the urls, those of included urls with a name of their own last."""
    from django.utils.regex_helper import normalize

    inner = resolver.reverse_dict
    for key in reversed(list(inner)):
        for entry in inner.getlist(key):
            for path, arguments in normalize(prefix + entry[1]):
                if not arguments:
                    yield "/" + path
    for pattern, included in resolver.namespace_dict.values() if depth < DEEP else ():
        if included.app_name not in ("admin", "djdt"):
            for path in _paths(included, prefix + pattern, depth + 1):
                yield path
