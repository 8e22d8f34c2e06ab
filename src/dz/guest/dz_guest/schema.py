"""What ``migrate`` does beside the migrations themselves, as one hash: tables of apps that have none and of
caches, permissions, content types, and what listens to its signals.

What packages bring of their own is named, not read: it is the same where the packages are. "" where it can't be told
without running it: where the project's own code listens or takes part.
"""

import hashlib
import json
import sys
import weakref

from dz_guest import cachetables, inputs


def fingerprint(loader):
    """The hash of a project whose ``loader`` has read all migrations from the disk, or ""."""
    return inputs.told("migrate would do", _fingerprint, loader)


def _fingerprint(loader):
    from django.apps import apps
    from django.conf import settings
    from django.core.management import get_commands

    command = get_commands().get("migrate") == "django.core"
    plain = command and len(settings.DATABASES) == 1 and not settings.DATABASE_ROUTERS
    unmigrated = [one for one in loader.unmigrated_apps if list(apps.get_app_config(one).get_models())]
    listeners = _listeners()
    theirs = [module for module, _ in listeners if not inputs.in_environment(sys.modules[module].__file__)]
    if not plain or unmigrated or theirs:
        return ""
    found = [[str(app) for app in settings.INSTALLED_APPS], listeners, cachetables.named()]
    for model in apps.get_models():
        meta = model._meta
        rights = [list(meta.default_permissions), [[str(word) for word in pair] for pair in meta.permissions]]
        found.append([meta.label, str(meta.verbose_name_raw), rights])
    for key, migration in sorted(loader.disk_migrations.items()):
        found.append(list(key) + [inputs.content(sys.modules[migration.__module__].__file__)])
    return hashlib.sha256(json.dumps(found).encode("utf-8")).hexdigest()


def _listeners():
    """Who is told when a migration ran: module and name of each."""
    from django.db.models.signals import post_migrate, pre_migrate

    found = []
    for entry in pre_migrate.receivers + post_migrate.receivers:
        receiver = entry[1]() if isinstance(entry[1], weakref.ReferenceType) else entry[1]
        if receiver is not None:
            found.append([receiver.__module__, getattr(receiver, "__qualname__", type(receiver).__name__)])
    return sorted(found)
